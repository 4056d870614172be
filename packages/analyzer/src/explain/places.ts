// Places: functions that drop packets, for kernels that give no reason (before 5.17) or say NOT_SPECIFIED. A place checks
// several things, so its explanation is wider than a reason's.
import { DEVICE_PLACES } from "./device-places.js";
import type { Place } from "./explanation.js";
import { IP_PLACES } from "./ip-places.js";
import { SOCKET_PLACES } from "./socket-places.js";

/** All places. */
export const PLACES: readonly Place[] = [...IP_PLACES, ...SOCKET_PLACES, ...DEVICE_PLACES];

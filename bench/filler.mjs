// The process that fills the rings when it is told to, so that its CPU time is not the recorder's.
// Started by start-filler.mjs with these descriptors; it ends with the pipe that brings its orders.
import { readSync, writeSync } from "node:fs";

import { FILL, FILLER_FDS } from "./start-filler.mjs";
import { pinTo, runProgram } from "./native.mjs";

const order = new Int32Array(3);
const answer = new Float64Array(1);

while (readSync(FILLER_FDS.orders, order) === order.byteLength) {
  const [program = FILL, cpu = 0, events = 0] = order;
  pinTo([cpu]);
  answer[0] = runProgram(program === FILL ? FILLER_FDS.fill : FILLER_FDS.fillNothing, events);
  writeSync(FILLER_FDS.answers, answer);
}

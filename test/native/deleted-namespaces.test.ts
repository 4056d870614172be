// Namespaces come and go: one that is deleted while it is recorded takes nothing of the recording with it.
import { beforeAll, describe, expect, test } from "vitest";

import { type Info, info, type RunResult, skbtracer, startRecorder, stop } from "./support/cli.js";
import { type Event, eventsOf } from "./support/events.js";
import { network } from "./support/network.js";
import { workspace } from "./support/workspace.js";

const path = workspace();
const ECHO_REQUEST = 8;

describe("namespaces that are deleted while they are recorded", () => {
  const made = network();
  const file = path("trace");
  let inodes: number[];
  let ended: RunResult;
  let events: Event[];
  let about: Info;

  beforeAll(async () => {
    inodes = [made.a.inode, made.b.inode];
    const recorder = await startRecorder(file, "record", "-o", file, "-H", "10.91.0.2");
    made.a.sh("ping -q -c 3 -i 0.02 10.91.0.2");
    made.remove();
    ended = await stop(recorder);
    events = await eventsOf(file);
    about = await info(file, "--strict");
  });

  test("do not end the recording", () => {
    expect(ended.code, ended.stderr).toBe(0);
    expect(ended.stderr).not.toMatch(/mistake/);
    expect(about).toMatchObject({ closed: true, damage: [], end_reason: "SIGINT" });
  });

  test("have what happened in them, at devices by name", () => {
    const requests = events.filter(
      ({ icmp_type, function: name }) => icmp_type === ECHO_REQUEST && name === "net:netif_receive_skb",
    );
    expect(requests).toHaveLength(3);
    for (const { netns, interface: device } of requests) {
      expect(netns).toBe(inodes[1]);
      expect(device).toBe("vb");
    }
  });

  test("are named as they were at its begin, with their interfaces", () => {
    const names = about.namespaces.filter(({ inode }) => inodes.includes(inode));
    expect(names.map(({ name }) => name)).toEqual([made.a.namespace, made.b.namespace]);
    expect(names.map(({ interfaces }) => interfaces.map(({ name }) => name))).toEqual([
      ["lo", "va"],
      ["lo", "vb"],
    ]);
  });

  test("are shown by path", async () => {
    const { code, stdout } = await skbtracer("paths", file, "--proto", "icmp");
    expect(code).toBe(0);
    expect(stdout).toContain("10.91.0.1 -> 10.91.0.2");
  });
});

// The texts of nftables' rules, out of what `nft --handle --terse list ruleset` prints.
import { describe, expect, test } from "vitest";

import { haveRulesChanged, parseRuleset, RuleTexts } from "../../src/event/rule-texts.js";

const LISTING = `table inet fw { # handle 3
	comment "by hand"
	set served { # handle 5
		type inet_service
		flags interval
	}

	chain input { # handle 1
		comment "what comes in"
		type filter hook input priority filter; policy accept;
		udp dport 9 counter packets 12 bytes 340 drop comment "no # handle 99" # handle 7
		tcp dport { 80, 443 } accept # handle 8
		ip saddr vmap { 10.0.0.1 : accept, 10.0.0.2 : drop,
				10.0.0.3 : accept } # handle 9
	}

	chain empty { # handle 2
	}
}
table ip nat { # handle 4
	chain PREROUTING { # handle 1
		type nat hook prerouting priority dstnat; policy accept;
		tcp dport 8080 counter packets 0 bytes 0 dnat to 10.2.0.2:80 # handle 7
	}
}
`;

/** A snapshot. */
const at = (text: string): unknown => ({ rules: [{ netns: 1, kind: "nft-handles", text }] });

describe("rules", () => {
  test("have their text, without what their counters said, and their chain", () => {
    expect(parseRuleset(LISTING)).toEqual([
      {
        family: "inet",
        table: "fw",
        chain: "input",
        handle: 7,
        text: 'udp dport 9 counter drop comment "no # handle 99"',
      },
      { family: "inet", table: "fw", chain: "input", handle: 8, text: "tcp dport { 80, 443 } accept" },
      {
        family: "inet",
        table: "fw",
        chain: "input",
        handle: 9,
        text: "ip saddr vmap { 10.0.0.1 : accept, 10.0.0.2 : drop, 10.0.0.3 : accept }",
      },
      {
        family: "ip",
        table: "nat",
        chain: "PREROUTING",
        handle: 7,
        text: "tcp dport 8080 counter dnat to 10.2.0.2:80",
      },
    ]);
  });

  test("are found by namespace, family, table and handle, in snapshots that come later too", () => {
    const snapshots: unknown[] = [];
    const texts = new RuleTexts(snapshots);
    expect(texts.find(1, "inet", "fw", 7)).toBeUndefined();
    snapshots.push({ at: "start", rules: [{ netns: 1, kind: "nft-handles", text: LISTING }] });
    expect(texts.find(1, "inet", "fw", 8)).toEqual({ chain: "input", text: "tcp dport { 80, 443 } accept" });
    for (const [netns, family, table, handle] of [
      [2, "inet", "fw", 8],
      [1, "ip", "fw", 8],
      [1, "inet", "nat", 8],
      [1, "inet", "fw", 10],
    ] as const)
      expect(texts.find(netns, family, table, handle)).toBeUndefined();
  });

  test("have changed if a handle means another rule later, or one came or went", () => {
    const counted = LISTING.replace("packets 12 bytes 340", "packets 99 bytes 9000");
    expect(haveRulesChanged([])).toBe(false);
    expect(haveRulesChanged([at(LISTING)])).toBe(false);
    expect(haveRulesChanged([at(LISTING), at(counted)])).toBe(false);
    expect(haveRulesChanged([at(LISTING), at(LISTING.replace("dport 9", "dport 10"))])).toBe(true);
    expect(haveRulesChanged([at(LISTING), at("")])).toBe(true);
    expect(haveRulesChanged([at(""), at(LISTING)])).toBe(true);
  });

  test("of a listing that is none are none", () => {
    const texts = new RuleTexts([
      undefined,
      5,
      { rules: [null, { kind: "nft-handles", netns: "1", text: 3 }] },
    ]);
    expect(texts.find(1, "inet", "fw", 7)).toBeUndefined();
    expect(parseRuleset("\t\taccept # handle 1\n}\ntable\nchain x {\n")).toEqual([]);
  });
});

import { expect, test } from "vitest";

import type { Topology } from "./queries";
import { asked, looked, NOTHING, type Timeline } from "./timeline";

/** A replica set by the states of its members: P, S, D. */
function set(states: string): Topology {
  const names = { P: "PRIMARY", S: "SECONDARY", D: "DOWN" } as const;
  const members = [...states].map((state, index) => ({
    node: `rs0-${index + 1}`,
    host: "127.0.0.1:1",
    state: names[state as keyof typeof names],
    lag_seconds: null,
  }));
  return { kind: "replica", set: "rs0", members };
}

function after(...looks: [string, number][]): Timeline {
  return looks.reduce((timeline, [states, at]) => looked(timeline, set(states), at), NOTHING);
}

test("what was there at the first look is no news", () => {
  expect(after(["PSS", 0], ["PSS", 1000]).happenings).toEqual([]);
});

test("a killed primary is seen to go, to be missed, to be replaced and to come back", () => {
  const { happenings } = after(["PSS", 0], ["DSS", 1000], ["DSS", 2000], ["DPS", 4000], ["SPS", 9000]);
  expect(happenings.map((one) => one.text)).toEqual([
    "rs0-1 is up again (secondary)",
    "rs0-2 is the primary of rs0",
    "rs0 has no primary: writes wait",
    "rs0-1 is down",
  ]);
});

test("the gap reaches from the last look with a primary to the first with another", () => {
  const { happenings } = after(["PSS", 0], ["DSS", 1000], ["DPS", 4000]);
  expect(happenings.find((one) => one.kind === "primary")?.gap).toBe(4000);
});

test("a primary that died and was replaced between two looks was missed for no longer than from one to the other", () => {
  const { happenings } = after(["PSS", 0], ["DPS", 3000]);
  expect(happenings.find((one) => one.kind === "primary")?.gap).toBe(3000);
});

test("a step down between two looks is a change of primary without a gap", () => {
  const [news] = after(["PSS", 0], ["SPS", 1000]).happenings;
  expect(news).toMatchObject({ kind: "primary", text: "rs0-2 is the primary of rs0" });
  expect(news).not.toHaveProperty("gap");
});

test("how long a primary had been missed before the first look is not known", () => {
  const [news] = after(["DSS", 0], ["DPS", 1000]).happenings;
  expect(news).toMatchObject({ kind: "primary", text: "rs0-2 is the primary of rs0" });
  expect(news).not.toHaveProperty("gap");
});

test("a moved chunk is told, and an answer without chunks is not", () => {
  const place = (...shards: string[]): Topology => ({
    kind: "sharded",
    shards: [],
    collections: { products: { chunks: shards.map((shard) => ({ shard })) } },
  });
  const looks = [place("a", "b"), place(), place("a", "b"), place("b", "b")];
  const { happenings } = looks.reduce((timeline, topology, at) => looked(timeline, topology, at), NOTHING);
  expect(happenings.map((one) => one.text)).toEqual(["Chunks of products: b 2", "Chunks of products: a 1, b 1"]);
});

test("what was asked for stands before what came of it, also when its answer came later", () => {
  const { happenings } = asked(after(["PSS", 0], ["DSS", 1000]), "rs0-1 was killed from here", 900);
  expect(happenings.map((one) => one.text)).toEqual([
    "rs0 has no primary: writes wait",
    "rs0-1 is down",
    "rs0-1 was killed from here",
  ]);
});

test("happenings are numbered, and the oldest are forgotten", () => {
  const timeline = Array.from({ length: 150 }).reduce<Timeline>((before, _, at) => asked(before, `${at}`, at), NOTHING);
  expect(timeline.happenings).toHaveLength(100);
  expect(timeline.happenings[0]).toMatchObject({ id: 150, text: "149" });
});

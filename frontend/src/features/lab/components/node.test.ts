import { expect, test } from "vitest";

import { actionsOf } from "./node";

test("a node is offered what makes sense in its state", () => {
  expect(actionsOf("PRIMARY", false)).toContain("stepdown");
  expect(actionsOf("SECONDARY", false)).toEqual(["kill", "pause"]);
  expect(actionsOf("DOWN", false)).toEqual(["start", "resume"]);
  expect(actionsOf("DOWN", true)[0]).toBe("resume");
});

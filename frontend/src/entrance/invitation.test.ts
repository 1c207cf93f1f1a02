import { expect, test } from "vitest";
import { invitationIn } from "./invitation";

test.each([
  ["#invitation=R56B-NTQP", "R56B-NTQP"],
  ["#invitation=R56B%20NTQP", "R56B NTQP"],
  ["#invitation=100%", "100%"],
  ["#invitation=", ""],
  [`#invitation=${"x".repeat(500)}`, "x".repeat(128)],
  ["#/chats", null],
  ["#/invitation=R56B", null],
  ["", null],
])("of %j the invitation is %j", (hash, invitation) => {
  expect(invitationIn(hash)).toBe(invitation);
});

import { millis } from "@tandem/base";
import { expect, test } from "vitest";
import { newPlanes, planesRow, setPlane } from "./planes.js";

const AT = millis(Date.UTC(2024, 5, 10, 15, 15, 42));

test("a row has state, time as text and reason of each plane", () => {
  const planes = setPlane(newPlanes(AT), "midplane_link", true, AT, "PCIe link is up");
  expect(planesRow(3, planes)).toEqual({
    id: "3",
    dpu_midplane_link_state: "up",
    dpu_midplane_link_time: "Mon Jun 10 03:15:42 PM UTC 2024",
    dpu_midplane_link_reason: "PCIe link is up",
    dpu_control_plane_state: "down",
    dpu_control_plane_time: "Mon Jun 10 03:15:42 PM UTC 2024",
    dpu_control_plane_reason: "not yet seen",
    dpu_data_plane_state: "down",
    dpu_data_plane_time: "Mon Jun 10 03:15:42 PM UTC 2024",
    dpu_data_plane_reason: "not yet seen",
  });
});

test("with the midplane down the others are shown down, with the times and reasons that they had", () => {
  let planes = newPlanes(AT);
  for (const plane of ["midplane_link", "control_plane", "data_plane"] as const) {
    planes = setPlane(planes, plane, true, AT, `${plane} fine`);
  }
  planes = setPlane(planes, "midplane_link", false, millis(AT + 60_000), "lost");
  expect(planesRow(0, planes)).toMatchObject({
    dpu_midplane_link_time: "Mon Jun 10 03:16:42 PM UTC 2024",
    dpu_control_plane_state: "down",
    dpu_control_plane_time: "Mon Jun 10 03:15:42 PM UTC 2024",
    dpu_data_plane_reason: "data_plane fine",
  });
});

test("what does not change keeps its time", () => {
  const planes = setPlane(newPlanes(AT), "control_plane", false, millis(AT + 1000), "again");
  expect(planes.control_plane.reason).toBe("not yet seen");
});

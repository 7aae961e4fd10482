import { loadTexts } from "../../i18n/catalogue.js";
import { follow } from "../../links.js";
import { pathTo } from "../../paths.js";
import { notify } from "../../ui/notices.js";
import type { Schema } from "./api-types.js";
import { failureText } from "./job-words.js";
import { text } from "./texts.js";

/** Tells, on whatever page, that what a schedule makes did not come, or comes no more. */
export async function tellScheduleNews(news: "failed" | "disabled", { schedule_id, name, last_error }: Schema<"Schedule">): Promise<void> {
    await loadTexts();
    const why = news === "failed" && last_error !== null ? ` ${failureText(last_error)}` : "";
    notify({ tone: "bad", text: text(`schedule.told_${news}`, { name }) + why, action: { label: text("job.look"), run: () => follow(pathTo("/schedules", schedule_id)) } });
}

import { navigationOf } from "../../navigation.js";
import { base, pathTo } from "../../paths.js";
import { build, client, currentUser, mayBe, queue } from "../../session.js";
import { Button } from "../../ui/button.js";
import { ask } from "../../ui/dialog.js";
import { Icon } from "../../ui/icon.js";
import { Page } from "../../ui/page.js";
import { Code, Data } from "../../ui/text.js";
import { ownDrafts } from "./drafts.js";
import { keptHere } from "./queue-state.js";
import { Rescue } from "./rescue.js";
import { text } from "./texts.js";
import { Unsaved } from "./unsaved.js";

/** Before the phone is handed over: what is on it, and that nothing of it is lost. */
async function logOut(): Promise<void> {
    const isSafe = queue.value.all_safe;
    const unsaved = ownDrafts().length;
    const yes = await ask({
        title: text("more.logout_ask"),
        text: [isSafe ? text("more.logout_safe") : text("more.logout_kept", { n: Math.max(1, keptHere()) }), ...(unsaved > 0 ? [text("drafts.logout", { n: unsaved })] : [])].join(" "),
        confirm: text("more.logout"),
        danger: !isSafe || unsaved > 0,
    });
    if (!yes) return;
    // Nobody goes on by himself after this.
    sessionStorage.clear();
    await client.logout();
}

const own = [
    { path: "/history", icon: "history", key: "history.title" },
    { path: "/settings", icon: "settings", key: "settings.title" },
    { path: "/device", icon: "health", key: "device.title" },
    { path: "/practice", icon: "star", key: "practice.title" },
] as const;

/** Whatever has no place at the lower edge. */
export function MorePage() {
    const user = currentUser();
    const rest = user === null ? [] : navigationOf(user.role).map((section) => ({ ...section, links: section.links.filter((link) => link.primary !== true) })).filter((section) => section.links.length > 0);
    return (
        <Page title={text("more.title")}>
            <div class="stack">
                {user !== null && (
                    <div class="card row">
                        <span class="sign tone-accent">
                            <Icon name="user" />
                        </span>
                        <div class="grow">
                            <strong>
                                <Data>{user.full_name ?? user.username}</Data>
                            </strong>
                            <div class="small soft">
                                <Code>{user.username}</Code>
                            </div>
                        </div>
                    </div>
                )}
                {rest.map((section) => (
                    <section key={section.title()} class="stack-tight">
                        <h2>{section.title()}</h2>
                        <ul class="list">
                            {section.links.map((link) => (
                                <li key={link.path}>
                                    <a class="list-row" href={base + link.path}>
                                        <Icon name={link.icon} />
                                        <span class="grow">{link.label()}</span>
                                        <Icon name="next" class="soft" />
                                    </a>
                                </li>
                            ))}
                        </ul>
                    </section>
                ))}
                <ul class="list">
                    {own.map(({ path, icon, key }) => (
                        <li key={path}>
                            <a class="list-row" href={pathTo(path)}>
                                <Icon name={icon} />
                                <span class="grow">{text(key)}</span>
                                <Icon name="next" class="soft" />
                            </a>
                        </li>
                    ))}
                </ul>
                {user !== null && mayBe(user.role, "supervisor") && <Rescue />}
                <Unsaved />
                <Button icon="exit" wide onClick={logOut}>
                    {text("more.logout")}
                </Button>
                <p class="small soft">{text("more.version", { version: build })}</p>
            </div>
        </Page>
    );
}

import type { ComponentType } from "preact";
import { signal } from "@preact/signals";
import { ErrorBoundary, LocationProvider, Route, Router, useLocation } from "preact-iso";
import { useEffect, useRef, useState } from "preact/hooks";
import { reportFault } from "./faults.js";
import { shellText } from "./i18n/shell.js";
import { navigationOf, type NavigationLink } from "./navigation.js";
import { Login } from "./pages/common/login.js";
import { CannotStart, MissingPage, ForbiddenPage, Locked, Crash } from "./pages/common/walls.js";
import { staysOpen, UpdateBanner, UpdateWall } from "./pages/common/update-wall.js";
import { base } from "./paths.js";
import { type PageRoute, routeOf, routes } from "./routes.js";
import { auth, currentUser, mayBe, type Role, startFault, updateNeeded } from "./session.js";
import { Questions } from "./ui/dialog.js";
import { Icon } from "./ui/icon.js";
import { Notices } from "./ui/notices.js";
import { number } from "./i18n/format.js";

export function App() {
    return (
        <LocationProvider scope={base}>
            <Content />
            <Questions />
            <Notices />
        </LocationProvider>
    );
}

/** What the state of the login shows. An ended login closes no page: it is told on it. */
function Content() {
    const state = auth.value;
    switch (state.state) {
        case "starting":
            return startFault.value === null ? <Starting /> : <CannotStart fault={startFault.value} />;
        case "logged_out":
            return <Login state={state} />;
        case "locked":
            return <Locked user={state.user} />;
        default:
            return <Pages role={state.user.role} />;
    }
}

function Starting() {
    return (
        <main class="login" aria-busy="true">
            <span class="spinner" />
            <span class="visually-hidden" role="status">
                {shellText("app.starting")}
            </span>
        </main>
    );
}

const current = (path: string): string => path.replace(/\/+$/, "") || base;

/** Whether the page at `path` has the screen to itself. */
const isBare = (path: string): boolean => routeOf(path.slice(base.length))?.bare === true;

function Pages({ role }: { role: Role }) {
    const { path } = useLocation();
    const [crash, setCrash] = useState<unknown>(null);
    useEffect(() => setCrash(null), [path]);
    const sections = navigationOf(role);
    const links = sections.flatMap((section) => section.links);
    const failed = (fault: unknown): void => {
        reportFault(fault);
        setCrash(fault);
    };
    // Without network there is neither anything to send by nor anything to take.
    const isTooOld = updateNeeded.value && auth.value.state === "logged_in";
    const mayGoOn = staysOpen(current(path), isBare(path));
    return (
        <div class="shell" data-nav={links.length > 4 ? "side" : "bottom"}>
            <a class="skip" href="#content">
                {shellText("skip")}
            </a>
            <div class="shell-page">
                {isTooOld && mayGoOn && <UpdateBanner />}
                {isTooOld && !mayGoOn ? (
                    <UpdateWall />
                ) : crash !== null ? (
                    <Crash fault={crash} retry={() => setCrash(null)} />
                ) : (
                    <ErrorBoundary onError={failed}>
                        <Router>
                            {routes.map((route) => (
                                <Route key={route.path} path={route.path === "/" ? base : base + route.path} component={guarded(route)} />
                            ))}
                            <Route default component={MissingPage} />
                        </Router>
                    </ErrorBoundary>
                )}
            </div>
            {!isBare(path) && (!isTooOld || mayGoOn) && <Navigation role={role} path={current(path)} />}
        </div>
    );
}

const guards = new Map<PageRoute, ComponentType>();

/** The page, for whoever may see it. One component for each route: or each rendering would be a new page. */
function guarded(route: PageRoute): ComponentType {
    let guard = guards.get(route);
    if (guard === undefined) {
        const Page = route.component;
        guard = () => {
            const user = currentUser();
            return user !== null && mayBe(user.role, route.least) ? <Page /> : <ForbiddenPage />;
        };
        guards.set(route, guard);
    }
    return guard;
}

/** Where the menu stands at the side it has a line for every page: as in shell.css. */
const sideways = matchMedia("(min-width: 960px)");
const isSideways = signal(sideways.matches);
sideways.onchange = () => (isSideways.value = sideways.matches);

const more: NavigationLink = { path: "/more", icon: "more", label: () => shellText("nav.more"), least: "staff", primary: true };

/** The line of the menu that a page belongs to; all that is not seen is under "More". */
function lineOf(path: string, links: readonly NavigationLink[]): NavigationLink | undefined {
    const route = routeOf(path);
    const place = route?.menu ?? path;
    return links.find((link) => (link.primary === true || isSideways.value) && (place === link.path || (link.path !== "/" && place.startsWith(`${link.path}/`)))) ?? (route && more);
}

function Navigation({ role, path }: { role: Role; path: string }) {
    const sections = navigationOf(role);
    const isMany = sections.length > 1;
    const here = lineOf(path.slice(base.length) || "/", sections.flatMap((section) => section.links));
    const nav = useRef<HTMLElement>(null);
    // A menu that is longer than the screen is high begins where one is.
    useEffect(() => nav.current?.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest" }), [path]);
    return (
        <nav ref={nav} class="shell-nav" aria-label={shellText("nav.main")}>
            {sections.map((section) => [
                isMany && (
                    <span key="title" class="nav-section">
                        {section.title()}
                    </span>
                ),
                ...section.links.map((link) => <NavigationItem key={link.path} link={link} isHere={link.path === here?.path} />),
            ])}
            <NavigationItem link={more} isHere={here === more} />
        </nav>
    );
}

function NavigationItem({ link, isHere }: { link: NavigationLink; isHere: boolean }) {
    const href = link.path === "/" ? base : base + link.path;
    const badge = link.badge?.() ?? 0;
    return (
        <a class={link.primary === true ? "nav-link" : "nav-link nav-secondary"} href={href} aria-current={isHere ? "page" : undefined}>
            <Icon name={link.icon} />
            <span>{link.label()}</span>
            {badge > 0 && <b class="badge">{number(badge)}</b>}
        </a>
    );
}

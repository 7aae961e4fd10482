import { useRoute } from "preact-iso";
import { type LazyPage, pageOf } from "./page-of.js";
import { officeRoutes } from "./pages/office-routes.js";
import type { Role } from "./session.js";

export interface PageRoute {
    /** Below /console; ":name" is one part of it, which the page asks for by `useParameter`. */
    path: string;
    least: Role;
    component: LazyPage;
    /** Nothing but the page: no menu at the thumb's edge, which belongs to counting. */
    bare?: boolean;
    /** The page of the menu that it belongs to, where its own path doesn't say so. */
    menu?: string;
}

/** The part of the page's address that its route calls `name`. */
export function useParameter(name: string): string {
    return useRoute().params[name] ?? "";
}

const counter = () => import("./pages/counter/counter.js");
const seldom = () => import("./pages/counter/seldom.js");

/** What counting needs is one chunk, kept on the device with the shell; the rest comes after the login. */
const counterRoutes: readonly PageRoute[] = [
    { path: "/", least: "staff", component: pageOf(counter, (chunk) => chunk.HomePage) },
    { path: "/racks", least: "staff", component: pageOf(counter, (chunk) => chunk.RacksPage) },
    { path: "/count/:session", least: "staff", component: pageOf(counter, (chunk) => chunk.CountPage), bare: true },
    { path: "/count/:session/item/:item", least: "staff", component: pageOf(counter, (chunk) => chunk.ItemPage), bare: true },
    { path: "/count/:session/unknown", least: "staff", component: pageOf(counter, (chunk) => chunk.UnknownPage), bare: true },
    { path: "/count/:session/finish", least: "staff", component: pageOf(counter, (chunk) => chunk.FinishPage), bare: true },
    { path: "/unsent", least: "staff", component: pageOf(counter, (chunk) => chunk.UnsentPage) },
    { path: "/conflicts", least: "staff", component: pageOf(seldom, (chunk) => chunk.ConflictsPage), menu: "/unsent" },
    { path: "/history", least: "staff", component: pageOf(seldom, (chunk) => chunk.HistoryPage) },
    { path: "/settings", least: "staff", component: pageOf(seldom, (chunk) => chunk.SettingsPage) },
    { path: "/device", least: "staff", component: pageOf(seldom, (chunk) => chunk.DevicePage) },
    { path: "/practice", least: "staff", component: pageOf(seldom, (chunk) => chunk.PracticePage) },
    { path: "/more", least: "staff", component: pageOf(seldom, (chunk) => chunk.MorePage) },
];

export const routes: readonly PageRoute[] = [...counterRoutes, ...officeRoutes];

/** The route of a page by its path below /console. */
export function routeOf(path: string): PageRoute | undefined {
    const here = path.replace(/\/+$/, "").split("/");
    return routes.find((route) => {
        const parts = route.path === "/" ? [""] : route.path.split("/");
        return parts.length === here.length && parts.every((part, index) => part.startsWith(":") || part === here[index]);
    });
}

/** Where a page stands, without what its address names. */
export const patternOf = (path: string): string => routeOf(path)?.path ?? "unknown";

/** Loads what a counter needs before there is no network to load it by. */
export const loadCounterPages = counter;

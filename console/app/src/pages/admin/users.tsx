import type { Schema } from "@stockverify/client";
import { useLocation } from "preact-iso";
import { dateTime } from "../../i18n/format.js";
import { useLoadPages } from "../../load-pages.js";
import { pathTo } from "../../paths.js";
import { client } from "../../session.js";
import { Button } from "../../ui/button.js";
import { Select } from "../../ui/field.js";
import { Loading } from "../../ui/loading.js";
import { Page } from "../../ui/page.js";
import { Chip, EmptyState } from "../../ui/surface.js";
import { type Column, Table } from "../../ui/table.js";
import { Code, Data } from "../../ui/text.js";
import { ZoneNote } from "../../ui/zone-note.js";
import { FilterField } from "./filter-field.js";
import { queryOf, useFilters } from "./filters.js";
import { roles, RoleName } from "./roles.js";
import { sortingOf, sortOf } from "./sorting.js";
import { text } from "./texts.js";

type Account = Schema<"Account">;

const columns = (): readonly Column<Account>[] => [
    {
        key: "full_name",
        title: text("users.name"),
        width: "minmax(18ch, 2fr)",
        sortable: true,
        cell: (account) => (
            <>
                <strong><Data>{account.full_name}</Data></strong>
                <div class="small soft"><Code>{account.username}</Code></div>
            </>
        ),
    },
    { key: "role", title: text("users.role"), width: "minmax(20ch, max-content)", sortable: true, cell: (account) => <RoleName role={account.role} /> },
    { key: "warehouse", title: text("warehouse"), width: "minmax(14ch, 1fr)", sortable: true, cell: (account) => <Data>{account.warehouse ?? "–"}</Data> },
    {
        key: "enabled",
        title: text("users.state"),
        width: "minmax(14ch, max-content)",
        sortable: true,
        cell: (account) => (account.enabled ? <Chip tone="ok">{text("users.enabled")}</Chip> : <Chip tone="bad" icon="lock">{text("users.disabled")}</Chip>),
    },
    {
        key: "last_login_at",
        title: text("users.last_login"),
        width: "minmax(26ch, max-content)",
        sortable: true,
        cell: (account) => (account.last_login_at === null ? <span class="soft">{text("users.never")}</span> : <time translate={false}>{dateTime(account.last_login_at)}</time>),
    },
];

/** Who may log in. */
export function UsersPage() {
    const { route } = useLocation();
    const [filters, change] = useFilters("q", "role", "status", "sort");
    const { sort, ...narrowed } = filters;
    const order = sort === "" ? "full_name" : sort;
    const loaded = useLoadPages((cursor, signal) => client.call("get", "/api/admin/users", { query: { ...queryOf(narrowed), sort: order, limit: 100, ...(cursor === undefined ? {} : { cursor }) } as never, signal }), Object.values(filters));
    const isNarrowed = Object.values(narrowed).some((value) => value !== "");
    return (
        <Page title={text("users.title")} wide actions={<Button kind="primary" icon="plus" href={pathTo("/admin/users/new")}>{text("users.add")}</Button>}>
            <div class="stack">
                <div class="filters">
                    <FilterField label={text("search")} value={filters.q} onChange={(q) => change({ q })} />
                    <Select label={text("users.role")} value={filters.role} onChange={(role) => change({ role })} options={[{ value: "", label: text("all") }, ...roles.map((value) => ({ value, label: text(`role.${value}`) }))]} />
                    <Select
                        label={text("users.state")}
                        value={filters.status}
                        onChange={(status) => change({ status })}
                        options={[
                            { value: "", label: text("all") },
                            { value: "enabled", label: text("users.enabled") },
                            { value: "disabled", label: text("users.disabled") },
                        ]}
                    />
                </div>
                <Loading of={loaded} rows={6} height={64}>
                    {(accounts) =>
                        accounts.length === 0 ? (
                            <EmptyState icon="users" title={text("users.none")} text={isNarrowed ? text("none_narrowed") : text("users.none_text")} />
                        ) : (
                            <Table
                                label={text("users.title")}
                                rows={accounts}
                                columns={columns()}
                                keyOf={(account) => account.user_id}
                                onEnd={loaded.more}
                                onOpen={(account) => route(pathTo("/admin/users", account.user_id))}
                                sorting={sortingOf(order)}
                                onSort={(sorting) => change({ sort: sortOf(sorting) })}
                                rowHeight={64}
                            />
                        )
                    }
                </Loading>
            </div>
            <ZoneNote />
        </Page>
    );
}

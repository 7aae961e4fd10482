import { number } from "../../i18n/format.js";
import type { Loaded } from "../../load.js";
import { Loading } from "../../ui/loading.js";
import type { Sorting } from "../../ui/table.js";
import type { DataOf } from "./api-types.js";
import { RowsView } from "./rows-view.js";
import { text } from "./texts.js";

export type Preview = DataOf<"post", "/api/reports/query/preview">;

interface ResultProps {
    loaded: Loaded<Preview>;
    sorting: Sorting | null;
    sortable: readonly string[];
    onSort: (sorting: Sorting) => void;
}

/** The first rows of a query. */
export function Result({ loaded, sorting, sortable, onSort }: ResultProps) {
    return (
        <section class="stack-tight result" aria-label={text("builder.result")}>
            <Loading of={loaded} rows={1} height={320}>
                {({ columns, items, estimated_total }) => (
                    <RowsView
                        label={text("builder.result")}
                        columns={columns}
                        rows={items}
                        total={estimated_total ?? items.length}
                        emptyText={text("builder.no_rows_text")}
                        said={
                            <p class="small soft number" role="status">
                                {estimated_total === null ? text("builder.first_rows", { n: items.length }) : text("builder.rows_of", { shown: items.length, n: estimated_total, total: number(estimated_total) })}
                            </p>
                        }
                        sorting={sorting}
                        sortable={sortable}
                        onSort={onSort}
                    />
                )}
            </Loading>
        </section>
    );
}

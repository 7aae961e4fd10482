# An import of 100,000 items with stock in two warehouses from PostgreSQL, beside what it cannot be faster than: reading
# the rows by ODBC alone, and writing the documents alone (build/bench/bench_erp).

use strict;
use warnings;
use StockVerify::Bench;
use Mojo::Date;
use StockVerify::Postgres;
use Time::HiRes qw(sleep);

my ($ITEMS, @WAREHOUSES) = (100_000, 'North', 'South');
my $SQL = 'SELECT i.item_code, i.item_name, i.barcode, i.uom, i.unit_cost, s.warehouse, s.qty AS stock_qty, i.changed_at'
    . ' FROM items i JOIN stock s ON s.item_code = i.item_code';
my $ORDER = ' ORDER BY i.item_code, s.warehouse';
my $postgres;

# Runs to its end; what the server says of it.
sub import_all {
    my ($bench, $token) = @_;
    $bench->ctl(qw(erp import --full));
    my $run;
    do { sleep 0.2; $run = $bench->call(GET => '/api/admin/erp/sync', $token)->{last_run} } while !$run || $run->{status} =~ /^(?:queued|running|pending)$/;
    die "erp: the import $run->{status}: " . ($run->{error} // '') . "\n" if $run->{status} ne 'succeeded';
    my ($begun, $ended) = map { Mojo::Date->new($run->{$_})->epoch } qw(started_at finished_at);
    return { %$run, seconds => $ended - $begun };
}

sub erp_bare {
    my ($bench, @what) = @_;
    local $ENV{ERP_CONNECTION} = $postgres->connection_string;
    local $ENV{MONGODB_URI} = $bench->{stack}{mongodb};
    local $ENV{MONGODB_DATABASE} = $bench->{stack}{database};
    return JSON::PP::decode_json(StockVerify::Bench::run("$bench->{build}/bench/bench_erp", @what));
}

sub erp_prepare {
    my ($bench) = @_;
    $postgres = StockVerify::Postgres->new;
    $postgres->sql(<<"END");
CREATE TABLE items AS SELECT 'ITEM-' || lpad(i::text, 6, '0') AS item_code, 'Item number ' || i || ' of the house' AS item_name,
    '29' || lpad(i::text, 11, '0') AS barcode, 'PCS' AS uom, (1 + i % 50)::numeric(12,4) AS unit_cost, now() AS changed_at
    FROM generate_series(1, $ITEMS) AS i;
CREATE TABLE stock AS SELECT item_code, w AS warehouse, (length(item_name) + ascii(w) % 7)::numeric(18,6) AS qty
    FROM items, unnest(ARRAY['@{[join "','", @WAREHOUSES]}']) AS w;
ALTER TABLE items ADD PRIMARY KEY (item_code);
ALTER TABLE stock ADD PRIMARY KEY (item_code, warehouse);
END
    $postgres->sql('ANALYZE');
    push @{ $bench->{settings} }, 'ERP_SYNC_INTERVAL=0',
        'ERP_CONNECTION_FILE=' . $bench->write_file('connection', $postgres->connection_string . "\n"),
        'ERP_MAPPING=' . $bench->write_file('mapping', "[lookup]\n$SQL WHERE i.item_code = :code\n[full]\n$SQL WHERE i.item_code > :after$ORDER\n");
    return;
}

sub erp_measure {
    my ($bench) = @_;
    my ($admin) = grep { $_->{role} eq 'admin' } @{ $bench->{stack}{users} };
    my $token = $bench->call(POST => '/api/auth/login', undef, { username => $admin->{username}, password => $admin->{password} })->{access_token};
    my @fetch = erp_bare($bench, fetch => $SQL . $ORDER);
    my $first = $bench->metered(sub { import_all($bench, $token) });
    my $upsert = erp_bare($bench, 'upsert');
    push @fetch, erp_bare($bench, fetch => $SQL . $ORDER);
    my $again = import_all($bench, $token);
    my ($fetch_s, $upsert_s) = (($fetch[0]{seconds} + $fetch[1]{seconds}) / 2, $upsert->{seconds});
    my $slower_s = $fetch_s > $upsert_s ? $fetch_s : $upsert_s;
    my $seconds = sub { return sprintf '%.1f', $_[0] };
    $bench->table('import from an ERP',
        [ 'first import, s', $seconds->($first->{seconds}) ],
        [ 'the same again, s', $seconds->($again->{seconds}) ],
        [ 'bare ODBC fetch, s', $seconds->($fetch_s) ],
        [ 'bare bulk upsert, s', $seconds->($upsert_s) ],
        [ 'slower of the two / first import', sprintf('%.2f', $slower_s / $first->{seconds}), 'wanted: 0.50 or more' ],
        [ 'slower of the two / the same again', sprintf('%.2f', $slower_s / $again->{seconds}) ],
        [ 'CPU in the MongoDB server, us an item', int($first->{cpu}{mongodb} / $ITEMS * 1e6) ],
        [ 'CPU in the worker and its child, us an item', int($first->{cpu}{worker} / $ITEMS * 1e6) ],
        [ 'rows read by the import', $first->{rows}, 'must be ' . $ITEMS * @WAREHOUSES ],
        [ 'rows read by the bare fetch', $fetch[0]{rows}, 'must be ' . $ITEMS * @WAREHOUSES ],
        [ 'items created', $first->{created}, "must be $ITEMS" ],
        [ 'items upserted by the bare driver', $upsert->{items}, "must be $ITEMS" ],
        [ 'rows of stock upserted by the bare driver', $upsert->{stock}, 'at least ' . $ITEMS * @WAREHOUSES ],
        [ 'refused', $first->{refused} + $again->{refused}, 'must be 0' ],
        [ 'changed by the same again', $again->{created} + $again->{changed}, 'must be 0' ]);
    undef $postgres;
    return;
}

return { prepare => \&erp_prepare, measure => \&erp_measure };

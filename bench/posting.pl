# An adjustment of some thousands of lines posted into PostgreSQL, from its first line there to the last that we know of,
# beside a bare ODBC program executing the same statement as often, with a commit each (build/bench/bench_posting).

use strict;
use warnings;
use StockVerify::Bench;
use StockVerify::BenchCount;
use StockVerify::Postgres;
use Mojo::Date;
use Time::HiRes qw(time sleep);

my $LINES = 4_000;
my $TABLE = 'adjustments (adjustment_id, line, item_code, warehouse, lot, delta, uom, unit_cost, reason, counted_at, posted_by)';
my $postgres;

sub posting_prepare {
    my ($bench) = @_;
    $postgres = StockVerify::Postgres->new;
    $postgres->sql(<<'END');
CREATE TABLE adjustments (adjustment_id text, line integer, item_code text NOT NULL, warehouse text NOT NULL, lot text, delta numeric(18,6) NOT NULL,
    uom text, unit_cost numeric(18,6), reason text, counted_at timestamptz, posted_by text, at timestamptz DEFAULT clock_timestamp(),
    PRIMARY KEY (adjustment_id, line));
END
    push @{ $bench->{settings} }, 'ERP_SYNC_INTERVAL=0', 'ERP_WRITE_BACK=on',
        'ERP_CONNECTION_FILE=' . $bench->write_file('connection', $postgres->connection_string . "\n"),
        'ERP_MAPPING=' . $bench->write_file('mapping', <<"END");
[lookup]
SELECT item_code FROM adjustments WHERE item_code = :code
[full]
SELECT item_code FROM adjustments WHERE item_code > :after ORDER BY item_code
[write_adjustment]
INSERT INTO $TABLE VALUES (:adjustment_id, :line, :item_code, :warehouse, :lot, :delta, :uom, :unit_cost, :reason, :counted_at, :posted_by)
[find_adjustment]
SELECT item_code, warehouse, lot, delta FROM adjustments WHERE adjustment_id = :adjustment_id AND line = :line
END
    return;
}

# Seconds that a bare loop takes for as many lines.
sub bare_s {
    my ($bench, $name, $lines) = @_;
    local $ENV{ERP_CONNECTION} = $postgres->connection_string;
    return JSON::PP::decode_json(StockVerify::Bench::run("$bench->{build}/bench/bench_posting", $name, $lines))->{seconds};
}

sub posting_measure {
    my ($bench) = @_;
    my ($admin) = grep { $_->{role} eq 'admin' } @{ $bench->{stack}{users} };
    my $token = $bench->call(POST => '/api/auth/login', undef, { username => $admin->{username}, password => $admin->{password} })->{access_token};
    my $count = StockVerify::BenchCount->new($bench, $LINES);
    $count->accept_all;
    $count->approve;
    my $path = '/api/adjustments/' . $count->id;
    my $lines = $count->call(GET => "$path?limit=1")->{line_count};
    my $before_s = bare_s($bench, 'before', $lines);
    $bench->call(POST => "$path/post", $token, {});
    my $head;
    # Each question counts the lines' states, a tenth of a second of the database that lacks the posting: the first one
    # comes when it should be over, and the head tells when it was.
    $count->wait_for('the lines to be posted', sub { sleep 4; ($head = $count->call(GET => "$path?limit=1"))->{status} ne 'posting' });
    my $ended = Mojo::Date->new($head->{posted_at})->epoch;
    my ($row) = $postgres->sql("SELECT extract(epoch FROM min(at)), count(*) FROM adjustments WHERE adjustment_id = '" . $count->id . "'");
    my ($begun, $rows) = split /\|/, $row;
    my $posting_s = $ended - $begun;
    my $bare_s = ($before_s + bare_s($bench, 'after', $lines)) / 2;
    $bench->table('posting of an adjustment into PostgreSQL',
        [ 'posting, s', sprintf('%.2f', $posting_s) ],
        [ 'bare ODBC loop, s', sprintf('%.2f', $bare_s) ],
        [ 'bare ODBC loop / posting', sprintf('%.2f', $bare_s / $posting_s), 'wanted: 0.50 or more' ],
        [ 'lines that the ERP has', $rows, "must be $lines" ],
        [ 'lines that we know to be there', $head->{posting}{applied}, "must be $lines" ]);
    undef $postgres;
    return;
}

return { prepare => \&posting_prepare, measure => \&posting_measure };

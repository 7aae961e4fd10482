#!/usr/bin/perl
# An ERP in PostgreSQL, which counts how often it is asked: a storm of lookups is one question, a backend that hangs in an
# import is left after ERP_STATEMENT_TIMEOUT and the import tried again, and a worker that dies in one is taken over from.
use lib 't/lib';
use File::Temp ();
use StockVerify::Test;
use StockVerify::Postgres;
use Mojo::IOLoop;

my $erp = StockVerify::Postgres->new;
$erp->sql(<<'SQL');
CREATE TABLE items AS SELECT 'PG-' || lpad(i::text, 5, '0') AS item_code, 'Item ' || i AS item_name FROM generate_series(1, 6000) AS i;
ALTER TABLE items ADD PRIMARY KEY (item_code);
CREATE TABLE stock AS SELECT item_code, w AS warehouse, 3 AS qty FROM items, unnest(ARRAY['North', 'South']) AS w;
ALTER TABLE stock ADD PRIMARY KEY (item_code, warehouse);
CREATE SEQUENCE asked;
CREATE TABLE hang (seconds integer);
INSERT INTO hang VALUES (0);
CREATE TABLE held (held boolean);
INSERT INTO held VALUES (false);
-- Tells how many questions there were, once nobody holds them back.
CREATE FUNCTION asked_now() RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE n bigint := nextval('asked');
BEGIN
    WHILE (SELECT held FROM held) LOOP PERFORM pg_sleep(0.05); END LOOP;
    RETURN n;
END $$;
-- Hangs in the middle of the items, as long as it is told to.
CREATE FUNCTION slowly(code text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    IF code = 'PG-03000' THEN PERFORM pg_sleep((SELECT seconds FROM hang)); END IF;
    RETURN code;
END $$;
SQL
my $folder = File::Temp->newdir;

my $stack = start_stack(settings => {
    ERP_CONNECTION_FILE => write_file("$folder/connection", $erp->connection_string . "\n"),
    ERP_MAPPING => write_file("$folder/mapping", <<'END'),
[lookup]
SELECT i.item_code, i.item_name, s.warehouse, s.qty AS stock_qty
FROM (SELECT asked_now()) AS a LEFT JOIN items i ON i.item_code = CAST(:code AS text) JOIN stock s ON s.item_code = i.item_code
[full]
SELECT slowly(i.item_code) AS item_code, i.item_name, s.warehouse, s.qty AS stock_qty
FROM items i JOIN stock s ON s.item_code = i.item_code
WHERE i.item_code > CAST(:after AS text) ORDER BY i.item_code, s.warehouse
END
    ERP_STATEMENT_TIMEOUT => 2, JOB_CLAIM => 2000, JOB_RETRY_DELAY => 200, ERP_SYNC_INTERVAL => 0, ERP_LOOKUP_TIMEOUT => 30_000,
});
$stack->expect_log(qr/erp\.(?:failing|silent)|job\.(?:failed|retry)/);
my $mongo = $stack->mongo;

sub import_job { my ($id) = @_; return $mongo->find_one('jobs', { job_id => $id }) }

sub begin_import {
    my ($id, $status) = $stack->ctl([qw(erp import --full)]);
    is $status, 0, 'an import is asked for' or diag $id;
    return job_id_in($id);
}

sub all_is_there {
    my ($id) = @_;
    wait_until { !import_job($id)->{pending} } 120, 'the import to end';
    is import_job($id)->{status}, 'succeeded', 'it succeeds' or diag explain import_job($id)->{error};
    is $mongo->count('erp_items', { item_code => { '$regex' => '^PG-' }, deleted => { '$ne' => \1 } }), 6000, 'all items are there';
    is $mongo->count('item_stock', { item_code => { '$regex' => '^PG-' }, book_qty => { '$eq' => 3 } }), 12_000, 'with their stock';
    return;
}

sub hang { my ($seconds) = @_; $erp->sql("UPDATE hang SET seconds = $seconds"); return }

subtest 'a storm of lookups of a code that nobody knows' => sub {
    my ($asha, $redis) = ($stack->login('staff'), $stack->redis);
    my $asked = sub { my ($row) = $erp->sql('SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM asked'); return $row };
    # Of what is kept of items, which each lookup reads first.
    my $read = sub { my ($calls) = $redis->command(INFO => 'commandstats') =~ /^cmdstat_mget:calls=(\d+)/m; return $calls // 0 };
    $erp->sql('UPDATE held SET held = true');
    my $before = $read->();
    my $all_wait;
    my $watch = Mojo::IOLoop->recurring(
        0.1 => sub {
            return if $all_wait || $read->() - $before < 1000;
            $all_wait = 1;
            $erp->sql('UPDATE held SET held = false');
        }
    );
    my @answers = $stack->parallel(map { [$asha, GET => '/api/erp/items/barcode/9990000000130'] } 1 .. 1000);
    Mojo::IOLoop->remove($watch);
    ok $all_wait, 'a thousand wait for the one answer';
    my %seen;
    $seen{ $_->status . ' ' . ($_->code // '') }++ for @answers;
    is_deeply \%seen, { '404 item_unknown' => 1000 }, 'all are told that it is unknown';
    is $asked->(), 1, 'and the ERP was asked once';
    $asha->get('/api/erp/items/barcode/9990000000147');
    is $asked->(), 2, 'and again for another';
};

subtest 'a backend hangs in an import' => sub {
    hang(600);
    my $id = begin_import();
    wait_until { plain(import_job($id)->{failed_attempts} // 0) > 0 } 60, 'the import to be given up';
    is import_job($id)->{pending} ? 'pending' : 'ended', 'pending', 'it will be tried again';
    hang(0);
    all_is_there($id);
};

subtest 'a worker dies in an import' => sub {
    hang(1);
    my $id = begin_import();
    wait_until { ($mongo->find_one('erp_runs', { run_id => $id }) || {})->{after} } 60, 'some items to be taken';
    $stack->kill_part('worker');
    hang(0);
    $stack->start_part('worker');
    all_is_there($id);
};

done_testing;

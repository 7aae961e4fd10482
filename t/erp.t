#!/usr/bin/perl
# The ERP, an SQLite file: stock per warehouse and lot, changes, what is refused, what is gone; codes looked up; an ERP
# that refuses, and a worker that dies in the middle of an import.
use lib 't/lib';
use StockVerify::Test;
use File::Temp ();
use Cwd ();

my $folder = File::Temp->newdir;
my $database = "$folder/erp.sqlite";

sub erp {
    my ($sql) = @_;
    open my $shell, '|-', 'sqlite3', '-bail', $database or die "sqlite3: $!\n";
    binmode $shell, ':encoding(UTF-8)';
    print {$shell} $sql;
    close $shell or die "sqlite3 refused: $sql\n";
    return;
}

erp(<<'END');
CREATE TABLE items (code TEXT PRIMARY KEY, name TEXT, barcode TEXT, category TEXT, uom TEXT, unit_cost NUMERIC,
    serial_tracked INTEGER, changed_at TEXT);
CREATE TABLE barcodes (code TEXT, barcode TEXT);
CREATE TABLE stock (code TEXT, warehouse TEXT, lot TEXT, qty NUMERIC, changed_at TEXT);
CREATE TABLE movements (movement_id TEXT PRIMARY KEY, code TEXT, warehouse TEXT, lot TEXT, qty NUMERIC, moved_at TEXT, adjustment_id TEXT);
INSERT INTO items VALUES ('ERP-1 ', 'Čaj 茶', '9990000000017', 'Tea', 'PCS', 2.5, 0, '2026-01-01 10:00:00'),
    ('ERP-2', 'Lamp', NULL, 'Light', 'PCS', 10, 0, '2026-01-01 09:00:00'),
    ('ERP-2 ', 'Another lamp', NULL, 'Light', 'PCS', 10, 0, '2026-01-01 09:00:00'),
    ('ERP-3', '', NULL, 'Nameless', 'PCS', 1, 0, '2026-01-01 09:00:00');
INSERT INTO barcodes VALUES ('ERP-1 ', '9990000000024');
INSERT INTO stock VALUES ('ERP-1 ', 'North', 'L1', 5.25, '2026-01-01 10:00:00'), ('ERP-1 ', 'North', 'L2', 3, '2026-01-01 10:00:00'),
    ('ERP-1 ', 'South', NULL, 7, '2026-01-01 10:00:00'), ('ERP-2', 'North', NULL, -1, '2026-01-01 09:00:00');
END

my $stack = start_stack(
    settings => {
        ERP_MAPPING => Cwd::getcwd() . "/conf/erp/stack.conf",
        ERP_CONNECTION_FILE => write_file("$folder/connection", "Driver={SQLite3};Database=$database\n"),
        JOB_CLAIM => 2000, JOB_RETRY_DELAY => 200, ERP_SYNC_INTERVAL => 0,
    });
my $mongo = $stack->mongo;

sub import_items {
    my (@options) = @_;
    my ($out, $status) = $stack->ctl(['erp', 'import', @options]);
    is $status, 0, "an import is asked for (@options)" or diag $out;
    return await_end(job_id_in($out));
}

sub await_end {
    my ($id) = @_;
    my $job;
    wait_until { $job = $mongo->find_one('jobs', { job_id => $id }); !$job->{pending} } 60, 'the import to end';
    is $job->{status}, 'succeeded', 'it succeeds' or diag explain $job->{error};
    return $mongo->find_one('erp_runs', { run_id => $id });
}

# {"warehouse lot" => quantity}
sub stock {
    my ($code) = @_;
    return { map { ("$_->{warehouse} $_->{lot}" => plain($_->{book_qty}) + 0) } $mongo->find('item_stock', { item_code => $code }) };
}

subtest 'a full import' => sub {
    my $run = import_items('--full');
    is plain($run->{refused}), 2, 'an item without a name is refused, and one whose code is another\'s for who reads it';
    is $run->{errors}[0]{field}, 'item_name', 'why is kept';
    is $run->{errors}[0]{item_code}, 'ERP-3', 'of which';
    like $run->{errors}[1]{message}, qr/told an item of this code before/, 'the other, too';
    is $mongo->find_one('erp_items', { item_code => 'ERP-2' })->{item_name}, 'Lamp', 'the first stays';
    my $item = $mongo->find_one('erp_items', { item_code => 'ERP-1' });
    is $item->{item_name}, 'Čaj 茶', 'its name, in any script';
    is $item->{erp_code}, 'ERP-1 ', "the ERP's own spelling";
    is_deeply [sort @{ $item->{barcodes} }], ['9990000000017', '9990000000024'], 'all its barcodes';
    is_deeply stock('ERP-1'), { 'North L1' => 5.25, 'North L2' => 3, 'South ' => 7 }, 'stock by warehouse and lot';
    is_deeply stock('ERP-2'), { 'North ' => -1 }, 'a book may be negative';
    is plain($item->{stock_qty}) + 0, 8.25, "the item has a copy of its own warehouse's";
};

subtest 'the same again changes nothing' => sub {
    my $before = $mongo->find_one('erp_items', { item_code => 'ERP-1' });
    my $run = import_items('--full');
    is plain($run->{changed}) + plain($run->{created}), 0, 'nothing was written';
    is_deeply $mongo->find_one('erp_items', { item_code => 'ERP-1' })->{updated_at}, $before->{updated_at}, 'and phones fetch nothing anew';
};

subtest 'what changed' => sub {
    erp("UPDATE stock SET qty = 4, changed_at = '2026-01-02 08:00:00' WHERE lot = 'L2'; DELETE FROM stock WHERE lot = 'L1';
         UPDATE items SET name = 'Green tea', changed_at = '2026-01-02 08:00:00' WHERE code = 'ERP-1 ';");
    my $run = import_items();
    is plain($run->{rows}), 2, 'only what changed is read';
    is $mongo->find_one('erp_items', { item_code => 'ERP-1' })->{item_name}, 'Green tea', 'a new name';
    is_deeply stock('ERP-1'), { 'North L1' => 0, 'North L2' => 4, 'South ' => 7 }, 'new stock, and 0 of a lot that is gone';
    is plain($mongo->find_one('erp_items', { item_code => 'ERP-1' })->{stock_qty}) + 0, 4, 'in the copy, too';
};

subtest 'an item that the ERP has no more' => sub {
    erp("DELETE FROM items WHERE code LIKE 'ERP-2%'");
    my $run = import_items('--full');
    is plain($run->{delisted}), 1, 'one is delisted';
    ok $mongo->find_one('erp_items', { item_code => 'ERP-2' })->{deleted}, 'and still there';
    is_deeply stock('ERP-2'), { 'North ' => -1 }, 'with what the books said of it';
};

subtest 'a code is looked up' => sub {
    erp("INSERT INTO items VALUES ('ERP-9', 'Late arrival', '9990000000093', 'New', 'PCS', 1, 0, '2026-01-03 09:00:00');
         INSERT INTO stock VALUES ('ERP-9', 'South', NULL, 2, '2026-01-03 09:00:00');");
    $stack->redis->command('SET', "item:$_", 'stale') for '9990000000093', 'ERP-9';
    my ($out, $status) = $stack->ctl(['erp', 'lookup', '9990000000093']);
    like $out, qr/^ERP-9$/m, 'it is found by its barcode';
    is_deeply stock('ERP-9'), { 'South ' => 2 }, 'and stored with its stock';
    is $stack->redis->command('EXISTS', 'item:9990000000093', 'item:ERP-9'), 0, 'what was cached of it is forgotten';
    ($out, $status) = $stack->ctl(['erp', 'lookup', 'NO-SUCH-CODE']);
    like $out, qr/has no NO-SUCH-CODE/, 'an unknown one is told as that';
    isnt $status, 0, 'with an exit status';
};

subtest 'a code is scanned' => sub {
    my $asha = $stack->login('staff');
    my $scan = sub { $asha->get("/api/erp/items/barcode/$_[0]", query => { warehouse => 'South' }) };
    erp("INSERT INTO items VALUES ('ERP-10', 'Scanned at once', NULL, 'New', 'PCS', 1, 0, '2026-01-03 09:00:00');
         INSERT INTO barcodes VALUES ('ERP-10', '9990000000109');
         INSERT INTO stock VALUES ('ERP-10', 'South', NULL, 4, '2026-01-03 09:00:00');");
    my $answer = $scan->('9990000000109');
    is $answer->status, 200, 'what only the ERP knows is found' or diag $answer->text;
    is $answer->data->{item}{item_code}, 'ERP-10', 'its code';
    is $answer->data->{item}{stock_qty}, 4, 'its stock';
    is $answer->data->{source}, 'erp', 'by the ERP';
    is $answer->data->{erp}, 'ok', 'which answers';
    wait_until { $scan->('9990000000109')->data->{source} =~ /^(?:cache|db)$/ } 30, 'it to be ours';
    erp("INSERT INTO items VALUES ('ERP-11', 'By its UPC', '036000291452', 'New', 'PCS', 1, 0, '2026-01-03 09:00:00'), ('ERP-12', 'By its EAN-8', '96385074', 'New', 'PCS', 1, 0, '2026-01-03 09:00:00'),
             ('ERP-13', 'By 14 digits', '04006381333931', 'New', 'PCS', 1, 0, '2026-01-03 09:00:00');");
    is $scan->($_->[0])->data->{item}{item_code}, $_->[1], "$_->[0] is asked for in every form" for ['0036000291452', 'ERP-11'], ['(01)00000096385074(10)L', 'ERP-12'], ['4006381333931', 'ERP-13'];
    is $scan->('NO-SUCH-THING')->code, 'item_unknown', 'what it does not know is unknown';
    is $scan->('NO-SUCH-THING')->data->{erp}, 'ok', 'for sure';
};

subtest 'what moved' => sub {
    my $moved = sub { my $row = $mongo->find_one('item_movements', { warehouse => 'South', movement_id => $_[0] }); return $row && [$row->{item_code}, plain($row->{qty}) + 0, plain($row->{moved_at}), $row->{adjustment_id}] };
    my $at = sub { my @t = gmtime(time - $_[0]); return sprintf '%04d-%02d-%02d %02d:%02d:%02d', $t[5] + 1900, $t[4] + 1, @t[3, 2, 1, 0] };
    my $text = $at->(600);
    my $then = $text =~ s/ /T/r . 'Z';
    erp("INSERT INTO movements VALUES ('M1', 'ERP-1 ', 'South', NULL, 20, '$text', NULL), ('M2', 'ERP-1', 'South', NULL, -3.5, '${text}+00:00', 'ADJ-1'),
             ('M3', 'ERP-1', 'South', NULL, 'many', '$text', NULL), ('OLD', 'ERP-1', 'South', NULL, 1, '@{[$at->(40 * 86_400)]}', NULL);");
    my $run = import_items();
    is plain($run->{movements}), 3, 'is read, as far back as counts may go';
    is_deeply $moved->('M1'), ['ERP-1', 20, $then, undef], 'a movement, of the item whose code the ERP spells otherwise';
    is_deeply $moved->('M2'), ['ERP-1', -3.5, $then, 'ADJ-1'], 'a posting of our own';
    is_deeply [map { "$_->{item_code} $_->{field}" } @{ $run->{errors} }], ['ERP-1 qty'], 'one that is none is refused, and told';
    erp("UPDATE movements SET qty = 21 WHERE movement_id = 'M1'; DELETE FROM movements WHERE movement_id = 'M3';
         INSERT INTO movements VALUES ('M4', 'ERP-1', 'South', NULL, 1, '@{[$at->(3_000)]}', NULL), ('M5', 'ERP-1', 'South', NULL, 1, '@{[$at->(9_000)]}', NULL);");
    is plain(import_items()->{movements}), 3, 'the next import reads again what is an hour older than the latest';
    is $moved->('M1')[1], 21, 'a movement that the ERP corrected is corrected';
    is_deeply [map { defined $moved->($_) ? 1 : 0 } 'M4', 'M5'], [1, 0], 'one that came late is taken, not what is long past';
    is plain(import_items()->{movements}), 3, 'and once more the same';
    is $mongo->count('item_movements', { warehouse => 'South' }), 3, 'each is there once';
    my $boss = $stack->login('admin');
    is $boss->get('/api/admin/erp/sync')->data->{last_run}{movements}, 3, 'administrators see how many';
};

subtest 'a worker dies in the middle of an import' => sub {
    erp("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)
         INSERT INTO items SELECT printf('BULK-%05d', i), 'Item ' || i, NULL, 'Bulk', 'PCS', 1, 0, '2026-01-04 09:00:00' FROM n;
         INSERT INTO stock SELECT code, 'North', NULL, 1, changed_at FROM items WHERE category = 'Bulk';");
    my $id = job_id_in($stack->ctl(['erp', 'import', '--full']));
    wait_until { ($mongo->find_one('erp_runs', { run_id => $id }) || {})->{after} } 60, 'some items to be stored';
    $stack->kill_part('worker');
    $stack->start_part('worker');
    my $run = await_end($id);
    is $mongo->count('erp_items', { category => 'Bulk' }), 3000, 'all are there';
    is $mongo->count('item_stock', { item_code => { '$regex' => '^BULK-' }, book_qty => { '$eq' => 1 } }), 3000, 'with their stock';
    is $mongo->count('erp_items', { category => 'Bulk', deleted => \1 }), 0, 'and none is taken for delisted';
};

subtest 'what is no text in the ERP' => sub {
    erp("INSERT INTO items VALUES ('ERP-30', 'Beside it', NULL, 'New', 'PCS', 1, 0, '2026-01-05 09:00:00'), (CAST(x'7a7aff' AS TEXT), 'Its code is none', NULL, 'New', 'PCS', 1, 0, '2026-01-05 09:00:00');
         UPDATE items SET changed_at = CAST(x'ff' AS TEXT) WHERE code = 'ERP-9';
         INSERT INTO movements VALUES ('M9', CAST(x'7a7aff' AS TEXT), 'South', NULL, 1, datetime('now', '-5 minutes'), NULL);");
    my $run = import_items('--full');
    ok $mongo->find_one('erp_items', { item_code => 'ERP-30' }), 'spoils nothing beside it';
    is_deeply [map { join ' ', $_->{item_code} // '-', $_->{field}, $_->{message} =~ /UTF-8/ ? 'UTF-8' : $_->{message} } @{ $run->{errors} }],
        ['ERP-3 item_name it is required', 'ERP-9 changed_at UTF-8', '- item_code UTF-8', '- item_code UTF-8'], 'is refused, and told';
    isnt $run->{mark}, "\xff", 'and nothing is later than it';
    erp("DELETE FROM items WHERE code = CAST(x'7a7aff' AS TEXT); DELETE FROM movements WHERE movement_id = 'M9'; UPDATE items SET changed_at = '2026-01-05 09:00:00' WHERE code = 'ERP-9'");
};

subtest 'an ERP that tells a part of what it has' => sub {
    $stack->expect_log(qr/job\.failed/);
    erp("CREATE TABLE hidden AS SELECT * FROM items WHERE category = 'Bulk' AND code > 'BULK-02000'; DELETE FROM items WHERE code IN (SELECT code FROM hidden);");
    my $id = job_id_in($stack->ctl(['erp', 'import', '--full']));
    my $job;
    wait_until { $job = $mongo->find_one('jobs', { job_id => $id }); !$job->{pending} } 60, 'the import to end';
    is $job->{status}, 'failed', 'it fails';
    like $job->{error}{message}, qr/told 1000 items fewer than the \d+ it had, more than ERP_DELIST_MAX_PERCENT \(20 %\) allows/, 'and says why';
    is $mongo->count('erp_items', { category => 'Bulk', deleted => \1 }), 0, 'nothing is delisted';
    erp("INSERT INTO items SELECT * FROM hidden WHERE code > 'BULK-02100'; DROP TABLE hidden;");
    is plain(import_items('--full')->{delisted}), 100, 'some that are gone are';
};

subtest 'a mapping is tried' => sub {
    my ($out, $status) = $stack->ctl(['erp', 'check']);
    isnt $status, 0, 'one that is not good all through';
    like $out, qr/^lookup +answers, with no rows\nfull +answers\nchanged_since +answers\nmovements +answers\nwrite_adjustment +there; not tried/m, 'each of its statements answers' or diag $out;
    like $out, qr/^find_adjustment +line \d+: .*no such table: adjustments/m, 'and what the ERP says of one that does not';
};

subtest 'an ERP that refuses' => sub {
    $stack->expect_log(qr/erp\.failing/);
    rename "$folder/connection", "$folder/away" or die $!;
    $stack->kill_part('worker');
    $stack->start_part('worker');
    my ($out) = $stack->ctl(['erp', 'lookup', 'ERP-1']);
    like $out, qr/did not answer in time/, 'is told';
    my $asha = $stack->login('staff');
    my $answer = $asha->get('/api/erp/items/barcode/(01)04006381333955(10)X1');
    is $answer->status, 504, 'an unknown code may be known to it' or diag $answer->text;
    is $answer->code, 'erp_timeout', 'why';
    is $answer->data->{erp}, 'timeout', 'in the answer, too';
    is $asha->get('/api/erp/items/barcode/(01)04006381333955(10)X1')->status, 504, 'which is not kept as unknown';
    is $asha->get('/api/erp/items/barcode/ERP-10')->status, 200, 'what is known is found all the same';
    rename "$folder/away", "$folder/connection" or die $!;
};

done_testing;

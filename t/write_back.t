#!/usr/bin/perl
# Adjustments on their way into the ERP: in order, each line once, whatever dies in between; what the ERP refuses; stopping;
# a reversal of what it has. The ERP is the stack's, in SQLite, and one in PostgreSQL.
use lib 't/lib';
use StockVerify::Test;
use StockVerify::Approval;
use StockVerify::PostedErp;
use Cwd ();
use File::Temp ();

my $stack = start_stack(erp => 1, settings => { ERP_WRITE_BACK => 'on', ERP_STATEMENT_TIMEOUT => 5, JOB_RETRY_DELAY => 200, SYNC_RATE_LIMIT => 0 });
$stack->expect_log(qr/adjustment\.(?:refused|delayed)|erp\.failing/);
my $world = StockVerify::Approval->new($stack);
my ($boss, $admin, $mongo) = ($world->boss, $world->admin, $stack->mongo);
my @many = map { sprintf 'MANY-%03d', $_ } 1 .. 250;
$world->stock(map { ($_ => 10) } map({ "WB-$_" } 1 .. 12), @many);

sub post {
    my ($id) = @_;
    my $answer = $admin->post("/api/adjustments/$id/post");
    is $answer->status, 200, 'it is to be posted' or diag $answer->text;
    return;
}
sub posted { my ($id) = @_; return $world->await_status($id, 'posted') }

subtest 'into the ERP' => sub {
    my $id = $world->approved('WB-1' => 7, 'WB-2' => 12.5);
    is $boss->post("/api/adjustments/$id/post")->status, 403, 'an admin posts';
    is_deeply [$world->posted($id)], [], 'nothing goes by itself';
    post($id);
    posted($id);
    is_deeply [$world->posted($id)], ['1 -3', '2 2.5'], 'its lines are there';
    is_deeply [map { $world->quantity($_) } 'WB-1', 'WB-2'], [7, 12.5], 'the ERP has what was counted';
    is_deeply $world->adjustment($id)->{posting}, { pending => 0, sent => 0, applied => 2, refused => 0, superseded => 0, withdrawn => 0 }, 'and we know';
    is +($world->erp("SELECT reason || '|' || (posted_by <> '') FROM adjustments WHERE adjustment_id = '$id' AND line = 1"))[0], 'Year end|1', 'why and by whom';
    is plain($mongo->find_one('session_book', { session_id => $world->open_count, item_code => 'WB-1' })->{system_qty}) + 0, 7, 'books have it before the ERP is asked again';
    $world->import_erp;
    is plain($mongo->find_one('session_book', { session_id => $world->open_count, item_code => 'WB-1' })->{system_qty}) + 0, 7, 'and once when it was';
    is $admin->post("/api/adjustments/$id/post")->code, 'conflict_state', 'it is not posted twice';
};

subtest 'a reversal of what it has' => sub {
    my $id = $world->approved('WB-3' => 4);
    post($id);
    posted($id);
    is $world->quantity('WB-3'), 4, 'posted';
    my $answer = $boss->post("/api/adjustments/$id/reverse", { note => 'Wrong' }, headers => { Prefer => 'wait=30' });
    is $answer->status, 201, 'reversed' or diag $answer->text;
    my $reversal = $answer->data->{adjustment_id};
    is $world->adjustment($reversal)->{status}, 'approved', 'it waits to be posted';
    post($reversal);
    posted($reversal);
    is $world->quantity('WB-3'), 10, 'the ERP has what it had';
    is_deeply [$world->posted($reversal)], ['1 6'], 'by a line of its own';
};

subtest 'what the ERP refuses' => sub {
    my $id = $world->approved('WB-4' => 9, 'WB-5' => 9);
    $world->erp("UPDATE items SET code = 'GONE' WHERE code = 'WB-4'");
    post($id);
    my $head = $world->await_status($id, 'refused');
    my ($refused) = @{ $world->adjustment($id, state => 'refused')->{items} };
    is $refused->{item_code}, 'WB-4', 'a line is refused';
    like $refused->{posting}{error}, qr/there is no such item/, "for the ERP's reason";
    is $refused->{posting}{attempts}, 5, 'after some tries';
    is $world->quantity('WB-5'), 9, 'the others are posted';
    my $later = $world->approved('WB-4' => 8, 'WB-6' => 8);
    post($later);
    wait_until { $world->quantity('WB-6') == 8 } 30, 'another item to be posted';
    is_deeply [$world->posted($later)], ['2 -2'], 'a later line of the item waits for it';
    $world->erp("UPDATE items SET code = 'WB-4' WHERE code = 'GONE'");
    is $boss->post("/api/adjustments/$id/retry")->status, 200, 'it is tried again';
    posted($_) for $id, $later;
    is_deeply [map { $world->posted($_) } $id, $later], ['1 -1', '2 -1', '1 -1', '2 -2'], 'both are there';
    is $world->quantity('WB-4'), 8, 'in their order';
};

subtest 'another line under its key' => sub {
    my $id = $world->approved('WB-7' => 6);
    $world->erp("INSERT INTO adjustments (adjustment_id, line, code, warehouse, delta) VALUES ('$id', 1, 'WB-7', '@{[ $world->warehouse ]}', 99)");
    post($id);
    $world->await_status($id, 'refused');
    like $world->adjustment($id)->{items}[0]{posting}{error}, qr/another line under this key/, 'is told, and nothing sent over it';
    is scalar(@{[ $world->posted($id) ]}), 1, 'nor beside it';
};

# What an approval leaves whose worker died each time before it was published, and whose count was closed then.
subtest 'lines of no adjustment' => sub {
    $mongo->run(insert => 'adjustment_lines', documents => [{ adjustment_id => 'died', n => 1, count_id => 'died', warehouse => $world->warehouse, seq => 1,
        item_code => 'WB-9', lot => '', delta => 1, posting => { state => 'pending', attempts => 0 } }]);
    my $id = $world->approved('WB-9' => 3);
    post($id);
    posted($id);
    is $world->quantity('WB-9'), 3, 'bar nothing';
};

subtest 'a reversal whose job died each time' => sub {
    my $id = $world->approved('WB-10' => 3);
    my $reversal = { job_id => 'died', type => 'adjustment.reverse', pending => \1, status => 'running', claim_ms => 1000, claimed_at => { '$date' => '2099-01-01T00:00:00Z' } };
    $mongo->run(insert => 'jobs', documents => [$reversal]);
    $mongo->update('adjustments', { adjustment_id => $id }, { '$set' => { reversing => 'died' } });
    is $admin->post("/api/adjustments/$id/post")->code, 'conflict_state', 'while it may go on nothing is posted';
    $mongo->update('jobs', { job_id => 'died' }, { '$set' => { pending => \0, status => 'failed' } });
    post($id);
    posted($id);
    is $world->quantity('WB-10'), 3, 'then it is';
};

# A trigger that takes its time, so that a chunk of lines is under way when something dies.
sub slow_down {
    my ($rounds) = @_;
    $world->erp("CREATE TRIGGER slow BEFORE INSERT ON adjustments BEGIN SELECT count(*) FROM (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $rounds) SELECT i FROM n); END");
    return;
}

subtest 'a worker killed between the commit of the ERP and our mark' => sub {
    my $id = $world->approved(map { ($_ => 4) } @many);
    slow_down(30_000);
    post($id);
    for my $kill (1 .. 4) {
        my $before = @{[ $world->posted($id) ]};
        wait_until { @{[ $world->posted($id) ]} >= $before + 20 } 60, 'lines to come';
        $stack->kill_part('worker');
        my ($there, $marked) = (scalar @{[ $world->posted($id) ]}, $mongo->count('adjustment_lines', { adjustment_id => $id, 'posting.state' => 'applied' }));
        cmp_ok $there, '>', $marked, "killed with $there lines in the ERP and $marked marked";
        $stack->start_part('worker');
    }
    $world->erp('DROP TRIGGER slow');
    $world->await_status($id, 'posted');
    is scalar @{[ $world->posted($id) ]}, 250, 'every line is there once';
    is +($world->erp("SELECT count(*) FROM stock WHERE code LIKE 'MANY-%' AND qty = 4"))[0], 250, 'and moved the stock once';
};

subtest 'stopped by a supervisor' => sub {
    $world->import_erp;
    my $id = $world->approved(map { ($_ => 6) } @many);
    slow_down(30_000);
    post($id);
    wait_until { @{[ $world->posted($id) ]} > 10 } 60, 'lines to come';
    is $boss->post("/api/adjustments/$id/stop")->data->{status}, 'stopped', 'stopped';
    wait_until { !$mongo->count('adjustment_lines', { adjustment_id => $id, 'posting.state' => 'sent' }) } 60, 'what was on its way';
    my $there = @{[ $world->posted($id) ]};
    cmp_ok $there, '<', 250, "$there lines are there";
    $world->erp('DROP TRIGGER slow');
    my $other = $world->approved('WB-8' => 1);
    post($other);
    posted($other);
    is scalar @{[ $world->posted($id) ]}, $there, 'and stay as many while another is posted';
    post($id);
    posted($id);
    is +($world->erp("SELECT count(*) FROM stock WHERE code LIKE 'MANY-%' AND qty = 6"))[0], 250, 'then all are there';
};

$stack->finish;

# ---- PostgreSQL, which goes on with a statement whose asker died
subtest 'PostgreSQL' => sub {
    my $erp = StockVerify::PostedErp->new;
    my $value = sub { return ($erp->sql($_[0]))[0] };
    my $files = File::Temp->newdir;
    my $stack = start_stack(settings => { ERP_WRITE_BACK => 'on', ERP_STATEMENT_TIMEOUT => 3, ERP_SYNC_INTERVAL => 0, JOB_RETRY_DELAY => 200,
        ERP_MAPPING => Cwd::getcwd() . '/conf/erp/postgresql.conf', ERP_CONNECTION_FILE => write_file("$files/connection", $erp->connection_string . "\n") });
    $stack->expect_log(qr/adjustment\.(?:refused|delayed)|erp\.failing/);
    my $world = StockVerify::Approval->new($stack);
    my ($admin, $mongo) = ($world->admin, $stack->mongo);
    $erp->sql(join '', map { "INSERT INTO items VALUES ('PG-$_', 'Item $_', NULL, 'Adjusted', 'PCS', 2, false); INSERT INTO stock VALUES ('PG-$_', '@{[ $world->warehouse ]}', '', 10);" } 1 .. 20);
    $world->import_erp('--full');
    my $quantities = sub { return $value->("SELECT string_agg(DISTINCT trim_scale(qty)::text, ' ') FROM stock WHERE item_code $_[0]") };

    my $id = $world->approved(map { ("PG-$_" => 4) } 1 .. 10);
    $erp->pause_for(of_writing => 0.5);
    is $admin->post("/api/adjustments/$id/post")->status, 200, 'to be posted';
    for my $kill (1 .. 3) {
        wait_until { $value->("SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%INSERT INTO stock_adj%' AND pid <> pg_backend_pid()") > 0 } 30, 'a line under way';
        $stack->kill_part('worker');
        wait_until { $value->("SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%INSERT INTO stock_adj%' AND pid <> pg_backend_pid()") == 0 } 30,
            'the ERP to end what nobody waits for';
        $stack->start_part('worker');
    }
    $erp->pause_for;
    $world->await_status($id, 'posted');
    is $value->('SELECT count(*) FROM stock_adjustments'), 10, 'every line once';
    is $quantities->("IN ('PG-1','PG-2','PG-3','PG-4','PG-5','PG-6','PG-7','PG-8','PG-9','PG-10')"), '4', 'and the stock moved once';

    # It hangs longer than a statement may, is paused, and crashes.
    $id = $world->approved(map { ("PG-$_" => 12) } 11 .. 20);
    $erp->pause_for(of_writing => 4);
    is $admin->post("/api/adjustments/$id/post")->status, 200, 'to be posted';
    wait_until { $value->('SELECT count(*) FROM stock_adjustments') > 10 } 60, 'a line that took too long';
    $erp->pause_for;
    $erp->crash;
    $erp->start;
    $world->await_status($id, 'posted');
    is $value->('SELECT count(*) FROM stock_adjustments'), 20, 'every line once';
    is $quantities->("> 'PG-10' AND item_code NOT IN ('PG-2','PG-3','PG-4','PG-5','PG-6','PG-7','PG-8','PG-9')"), '12', 'and the stock moved once';
    $stack->finish;
};

done_testing;

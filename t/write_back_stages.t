#!/usr/bin/perl
# The worker is killed at each stage between "approve" and the ERP's stock that others do not try: while the count's floor
# sessions are told, while totals are awaited, as soon as the check may begin, at the publication; and of the posting while lines are
# marked as sent and the ERP is not reached, and while the ERP is asked what it has. Nothing comes twice, nothing is lost.
use lib 't/lib';
use StockVerify::Test;
use StockVerify::Approval;
use StockVerify::PostedErp;
use Cwd ();
use File::Temp ();

my $ITEMS = 40;
my $erp = StockVerify::PostedErp->new;
my $value = sub { return ($erp->sql($_[0]))[0] };
my $files = File::Temp->newdir;
my $mapping = do { open my $in, '<', 'conf/erp/postgresql.conf' or die "postgresql.conf: $!\n"; local $/; <$in> };
# Asking takes its time whether the line is there or not.
$mapping =~ s/(\[find_adjustment\]\nSELECT .*?WHERE) /$1 (SELECT pg_sleep(of_asking)::text FROM pause AS slowly) IS NOT NULL AND /s or die "no [find_adjustment]\n";
# Totals are derived so seldom that an approval meets some that wait.
my $stack = start_stack(settings => { ERP_WRITE_BACK => 'on', ERP_STATEMENT_TIMEOUT => 20, ERP_SYNC_INTERVAL => 0, JOB_CLAIM => 600, JOB_RETRY_DELAY => 50, SYNC_RATE_LIMIT => 0,
    WORKER_TOTALS_INTERVAL => 2000, ERP_MAPPING => write_file("$files/mapping", $mapping), ERP_CONNECTION_FILE => write_file("$files/connection", $erp->connection_string . "\n") });
$stack->expect_log(qr/adjustment\.(?:refused|delayed)|erp\.failing/);
my $world = StockVerify::Approval->new($stack);
my ($boss, $admin, $mongo) = ($world->boss, $world->admin, $stack->mongo);
$erp->sql(join '', map { "INSERT INTO items VALUES ('WS-$_', 'Item $_', NULL, 'Adjusted', 'PCS', 2, false); INSERT INTO stock VALUES ('WS-$_', '@{[ $world->warehouse ]}', '', 10);" } 1 .. $ITEMS);
$world->import_erp('--full');

sub killed_when {
    my ($what, $come) = @_;
    wait_until { $come->() } 60, $what;
    $stack->kill_part('worker');
    pass "killed: $what";
    return;
}
sub again { return $stack->start_part('worker') }

my $count = $world->open_count;
my $session = $world->count($count, 0, map { ("WS-$_" => 4) } 1 .. $ITEMS);
$world->reconcile($count);
$world->accept($count);

sub status { return $mongo->find_one('sessions', { session_id => $count })->{status} }
sub told { return $mongo->count('verification_sessions', { count_id => $count, count_state => 'APPROVING' }) }
sub touch { return $mongo->run(insert => 'touched_items', documents => [{ count_id => $count, warehouse => $world->warehouse, item_codes => ["WS-$_[0]"], at => { '$date' => '2026-01-05T08:00:00Z' } }]) }
sub stage { my ($job) = @_; return $mongo->find_one('jobs', { job_id => $job })->{progress}{stage} // '' }

subtest 'the approval' => sub {
    # A count that many were at: telling them all takes a while.
    my $MANY = 1500;
    for my $first (0 .. $MANY / 500 - 1) {
        $mongo->run(insert => 'verification_sessions', documents => [map { { session_id => "gone-$first-$_", count_id => $count, user_id => 'gone', rack_id => "GONE-$first-$_", status => 'completed', superseded => \1,
            count_state => 'RECONCILE', fence => $_, writes => 0 } } 1 .. 500]);
    }
    my $job = $boss->post("/api/sessions/$count/approve", { note => 'Year end' })->data->{job_id};
    killed_when('some floor sessions are told, others are not', sub { my $told = told(); return $told > 0 && $told <= $MANY });
    again();
    # It derives them itself, and may be through before anybody looks.
    killed_when('it waits for totals, or has them', sub { touch(1) if !$mongo->count('touched_items', { count_id => $count }); return stage($job) =~ /^(?:totals|publishing)$/ || status() eq 'APPROVED' });
    again();
    killed_when('nothing waits any more', sub { !$mongo->count('touched_items', { count_id => $count }) });
    again();
    # Who kills three workers is given up: the count is as before, unless the third died behind its publication.
    like +($world->await_job($job)->{error} || {})->{code} // 'made', qr/^(?:attempts_exhausted|made)$/, 'a job under which three died is given up, or was made';
    wait_until { status() =~ /^(?:RECONCILE|APPROVED)$/ } 60, 'the count to be as before, or done';
    if (status() eq 'RECONCILE') {
        $job = $boss->post("/api/sessions/$count/approve", { note => 'Year end' })->data->{job_id};
        killed_when('its set is written', sub { stage($job) eq 'publishing' || status() eq 'APPROVED' });
        again();
        is $world->await_job($job)->{status}, 'succeeded', 'asked for again it is made';
    }
    is status(), 'APPROVED', 'in the end it is';
    is $mongo->count('adjustments', { count_id => $count }), 1, 'once';
    is_deeply [sort map { "$_->{item_code} " . (0 + plain($_->{delta})) } $mongo->find('adjustment_lines', { adjustment_id => $count })], [sort map { "WS-$_ -6" } 1 .. $ITEMS], 'each line once';
    wait_until { !$mongo->count('verification_sessions', { count_id => $count, count_state => { '$ne' => 'APPROVED' } }) } 60, 'everybody to be told';
};

# What the ERP is at: statements that wait in it.
sub at_work { my ($like) = @_; return $value->("SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE '$like' AND pid <> pg_backend_pid()") }
sub sent { return $mongo->count('adjustment_lines', { adjustment_id => $_[0], 'posting.state' => 'sent' }) }
sub applied { return $mongo->count('adjustment_lines', { adjustment_id => $_[0], 'posting.state' => 'applied' }) }
sub there { return $value->("SELECT count(*) FROM stock_adjustments WHERE adjustment_id = '$_[0]'") }

# Killed again and again from the first line on its way to the last answer.
sub posts {
    my ($id, $quantity) = @_;
    # Nobody writes there while this is held: lines are marked as sent, and the first waits at the ERP's door.
    my $held = $erp->spawn('psql', qw(--no-psqlrc --quiet --username erp --dbname postgres --host), $erp->{folder}, '--command', 'BEGIN; LOCK TABLE stock_adjustments; SELECT pg_sleep(600)');
    wait_until { at_work('%LOCK TABLE%') } 30, 'the table to be held';
    is $admin->post("/api/adjustments/$id/post")->status, 200, 'to be posted';
    killed_when('lines are marked as sent, and none is there', sub { sent($id) > 0 && at_work('%INSERT INTO stock_adj%') });
    $erp->sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%LOCK TABLE%' AND pid <> pg_backend_pid()");
    waitpid $held->{pid}, 0;
    $erp->pause_for(of_asking => 0.3, of_writing => 0.05);
    again();
    for (1 .. 2) {
        killed_when('the ERP is asked what it has', sub { at_work('%AS slowly%') });
        again();
    }
    killed_when('the ERP has more than is known', sub { there($id) > applied($id) });
    $erp->pause_for;
    again();
    $world->await_status($id, 'posted');
    is there($id), $ITEMS, 'each line is there once';
    is applied($id), $ITEMS, 'and known to be';
    is $value->("SELECT string_agg(DISTINCT trim_scale(qty)::text, ' ') FROM stock WHERE item_code LIKE 'WS-%'"), $quantity, 'and the stock moved once';
    return;
}

subtest 'the posting' => sub { posts($count, 4) };

subtest 'its reversal' => sub {
    my $answer = $boss->post("/api/adjustments/$count/reverse", { note => 'Wrong' }, headers => { Prefer => 'wait=30' });
    is $answer->status, 201, 'reversed' or diag $answer->text;
    posts($answer->data->{adjustment_id}, 10);
};

$stack->finish;
done_testing;

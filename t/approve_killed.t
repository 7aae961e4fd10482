#!/usr/bin/perl
# Approvals and reversals whose worker is killed at each stage: one adjustment, every line of it once, and none of a line
# that was not counted in full; two counts of one item approved and posted at once.
use lib 't/lib';
use StockVerify::Test;
use StockVerify::Approval;

my $stack = start_stack(erp => 1, settings => { ERP_WRITE_BACK => 'on', JOB_CLAIM => 600, JOB_RETRY_DELAY => 50, SYNC_RATE_LIMIT => 0 });
$stack->expect_log(qr/adjustment\.(?:refused|delayed)|erp\.failing/);
my $world = StockVerify::Approval->new($stack);
my ($boss, $admin, $mongo) = ($world->boss, $world->admin, $stack->mongo);
my @many = map { sprintf 'KILL-%04d', $_ } 1 .. 300;
my %left = map { ($_ => 10) } @many;
$world->stock(%left, map { ("TWO-$_" => 10) } 1 .. 3);

sub head { return $mongo->find_one('adjustments', { adjustment_id => $_[0] }) }
sub lines { return $mongo->count('adjustment_lines', { adjustment_id => $_[0] }) }

# Dead as soon as it has come so far, and started again: whoever goes on finds what it left.
sub killed_when {
    my ($what, $come) = @_;
    wait_until { $come->() } 60, $what;
    $stack->kill_part('worker');
    ok $come->(), "killed: $what";
    $stack->start_part('worker');
    return;
}

sub asked {
    my ($path, %body) = @_;
    my $answer = $boss->post($path, {%body});
    is $answer->status, 202, "$path is asked for" or diag $answer->text;
    return $answer->data->{job_id};
}

sub ready {
    my (%quantity) = @_;
    my $count = $world->open_count;
    $world->count($count, 0, %quantity);
    $world->reconcile($count);
    $world->accept($count);
    return $count;
}

sub is_whole {
    my ($id, $delta, $what) = @_;
    is $mongo->count('adjustments', { adjustment_id => $id }), 1, "$what: one head";
    my @rows = $mongo->find('adjustment_lines', { adjustment_id => $id });
    is_deeply [sort map { "$_->{item_code} " . (0 + plain($_->{delta})) } @rows], [map { "$_ $delta" } @many], "$what: every line once";
    is_deeply [sort { $a <=> $b } map { 0 + plain($_->{n}) } @rows], [1 .. @many], "$what: numbered without a gap";
    is head($id)->{line_count}, @many, "$what: as its head says";
    return;
}

my $first = ready(map { ($_ => 9) } @many);
subtest 'an approval killed before, and amid, its lines' => sub {
    my $job = asked("/api/sessions/$first/approve", note => 'Year end');
    killed_when('the count is being approved', sub { $mongo->find_one('sessions', { session_id => $first })->{status} =~ /^APPROV/ });
    killed_when('lines are written', sub { lines($first) > 0 });
    is $world->await_job($job)->{status}, 'succeeded', 'it goes on';
    is $mongo->find_one('sessions', { session_id => $first })->{status}, 'APPROVED', 'the count is approved';
    is_whole($first, -1, 'the adjustment');
};

subtest 'a reversal killed amid its lines, and behind them' => sub {
    my $job = asked("/api/adjustments/$first/reverse", note => 'Wrong');
    killed_when('its lines are written', sub { $mongo->count('adjustment_lines', { adjustment_id => { '$ne' => $first } }) > 0 });
    killed_when('it is published', sub { $mongo->count('adjustments', { reverses => $first }) > 0 });
    is $world->await_job($job)->{status}, 'succeeded', 'it goes on';
    my @reversals = $mongo->find('adjustments', { reverses => $first });
    is scalar @reversals, 1, 'there is one reversal';
    is_whole($reversals[0]{adjustment_id}, 1, 'it');
    is head($first)->{reversed_by}, $reversals[0]{adjustment_id}, 'of the adjustment';
    is $mongo->count('adjustment_lines', { adjustment_id => $first, 'posting.state' => 'withdrawn' }), @many, 'nothing of which is sent';
};

subtest 'an approval killed behind its publication' => sub {
    my $count = ready(map { ($_ => 7) } @many);
    my $job = asked("/api/sessions/$count/approve", note => 'Year end');
    killed_when('it is published', sub { head($count) });
    is $world->await_job($job)->{status}, 'succeeded', 'it goes on';
    is_whole($count, -3, 'the adjustment');
    wait_until { head($count)->{told} } 60, 'other counts to be told';
    is $admin->post("/api/adjustments/$count/post")->status, 200, 'posted';
    killed_when('the ERP has some of it', sub { scalar(@{[ $world->posted($count) ]}) > 0 });
    $world->await_status($count, 'posted');
    is_deeply [map { (split)[0] } $world->posted($count)], [1 .. @many], 'the ERP has each line once';
    is +($world->erp("SELECT count(*) FROM stock WHERE code LIKE 'KILL-%' AND qty = 7"))[0], scalar @many, 'and what was counted';
};

subtest 'two counts of one item, approved and posted at once' => sub {
    my @counts = map { $world->open_count(name => $_) } qw(one another);
    $world->count($counts[$_], $_, 'TWO-1' => 6 + $_) for 0, 1;
    for (@counts) { $world->reconcile($_); $world->accept($_) }
    my @jobs = map { asked("/api/sessions/$_/approve", note => 'Both') } @counts;
    my @ended = map { $world->await_job($_)->{status} } @jobs;
    is_deeply [@ended], ['succeeded', 'succeeded'], 'both are approved';
    my ($earlier, $later) = sort { head($a)->{seq} <=> head($b)->{seq} } @counts;
    my ($superseded) = @{ $world->adjustment($later)->{items} };
    is $superseded->{posting}{state}, 'superseded', 'the second, counted before the first was approved, says nothing new';
    $admin->post("/api/adjustments/$_/post") for $earlier, $later;
    $world->await_status($_, 'posted') for $earlier, $later;
    is_deeply [scalar(@{[ $world->posted($earlier) ]}), scalar(@{[ $world->posted($later) ]})], [1, 0], 'one line reaches the ERP';
    is $world->quantity('TWO-1'), 6 + ($earlier eq $counts[0] ? 0 : 1), 'and the ERP has what that count found';
};

subtest 'what was counted in part' => sub {
    my ($rack) = map { $_->{rack_id} } grep { $_->{warehouse} eq $world->warehouse } $stack->demo('racks');
    my ($other) = grep { $_ ne $rack } map { $_->{rack_id} } grep { $_->{warehouse} eq $world->warehouse } $stack->demo('racks');
    $mongo->run(insert => 'rack_items', documents => [{ rack_id => $other, item_code => 'TWO-2', warehouse => $world->warehouse, updated_at => { '$date' => '2026-01-05T08:00:00Z' } }]);
    my $count = $world->open_count;
    $world->count($count, 0, 'TWO-2' => 4);
    $world->reconcile($count);
    $world->settled($count);
    my $line = $boss->get("/api/sessions/$count/review", query => { item => 'TWO-2' })->data->{items}[0];
    is_deeply [@$line{qw(state variance)}], ['incomplete', undef], 'a line of which a rack is open has no variance';
    is $admin->post("/api/sessions/$count/review/accept", { lines => [{ item_code => 'TWO-2', lot => '', version => $line->{version} }] })->status, 409, 'it is not accepted';
    my $refused = $world->approve($count);
    is $refused->status == 422 ? $refused->code : ($refused->data->{error} || {})->{code}, 'undecided', 'nor is the count approved' or diag $refused->text;
    is lines($count), 0, 'and nothing of it is to be posted';
};

done_testing;

#!/usr/bin/perl
# An ERP that takes its time over each line: posting it keeps no worker from anything else, and none from ending when asked.
use lib 't/lib';
use StockVerify::Test;
use StockVerify::Approval;

my $stack = start_stack(erp => 1, settings => { ERP_WRITE_BACK => 'on', WORKER_GRACE => 30 });
my $world = StockVerify::Approval->new($stack);
my ($admin, $mongo) = ($world->admin, $stack->mongo);
my @many = map { sprintf 'SLOW-%03d', $_ } 1 .. 100;
$world->stock(map { ($_ => 10) } @many);
my $id = $world->approved(map { ($_ => 4) } @many);

sub lines { my ($state) = @_; return $mongo->count('adjustment_lines', { adjustment_id => $id, 'posting.state' => $state }) }

$world->erp('CREATE TRIGGER slow BEFORE INSERT ON adjustments BEGIN SELECT count(*) FROM (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000000) SELECT i FROM n); END');
is $admin->post("/api/adjustments/$id/post")->status, 200, 'it is to be posted';
wait_until { @{[ $world->posted($id) ]} > 0 } 60, 'a line to come';
$stack->stop_part('worker');
is scalar(grep { /"worker\.killed"/ } $stack->log_lines('worker')), 0, 'the worker ends in order';
my $there = @{[ $world->posted($id) ]};
cmp_ok $there, '<', 100, "$there lines are in the ERP";
is lines('sent'), 0, 'none is in doubt';
is lines('applied'), $there, 'each is marked';

$world->erp('DROP TRIGGER slow');
$stack->start_part('worker');
$world->await_status($id, 'posted');
is scalar @{[ $world->posted($id) ]}, 100, 'then the rest goes, each line once';
is +($world->erp("SELECT count(*) FROM stock WHERE code LIKE 'SLOW-%' AND qty = 4"))[0], 100, 'and moved the stock once';
$stack->finish;
done_testing;

#!/usr/bin/perl
# A Redis with exactly the user that docs/security.md gives: logins, a claim, a sync, a job and its events work with it.
use lib 't/lib';
use StockVerify::Events;
use StockVerify::Test;
use StockVerify::Redis;

plan skip_all => 'the Redis is not ours to configure' if $ENV{REDIS_HOST};
open my $docs, '<', 'docs/security.md' or die "docs/security.md: $!\n";
my ($rules) = map { /^ +user stockverify on >PASSWORD (.+)$/ } <$docs>;
ok $rules, 'the documentation has the rules of a user' or BAIL_OUT('docs/security.md');

my $stack = start_stack(redis_user_rules => $rules, settings => { RACK_LOCK_TTL => 20, HEARTBEAT_INTERVAL => 5 });
my $redis = $stack->redis;
like join(' ', map { "@{[ref $_ ? @$_ : $_ // '']}" } @{ $redis->command(qw(ACL GETUSER stockverify)) }), qr/-\@all/, 'Redis has the user with the rules';
my ($asha, $ben) = map { $stack->login('staff') } 1 .. 2;
my $boss = $stack->login('supervisor');
my $rack = $stack->rack;
my $ticket = $asha->post('/api/events/ticket', { topics => ['rack:updates:*'] })->data->{ticket};
my $stream = StockVerify::Events->open($stack, undef, ticket => $ticket)->ready;
my $again = StockVerify::Events->open($stack, $boss, topics => 'rack:updates:*', headers => { 'Last-Event-ID' => $stream->place })->ready;
my $claim = $asha->post("/api/racks/$rack/claim", {});
is $claim->status, 200, 'a claim' or diag $claim->text;
my $session = $claim->data->{session_id};
is $_->next->{type}, 'rack.claimed', 'which is told' for $stream, $again;
is $ben->post("/api/racks/$rack/claim", {})->code, 'rack_locked', 'which others see';
is $asha->post("/api/sessions/$session/heartbeat")->status, 200, 'a heartbeat';
my ($item) = grep { $_->{serial_tracked} ne 'true' } $stack->demo('items');
my $sync = $asha->post('/api/sync/batch', { records => [{ client_record_id => 'acl-1', session_id => $session, item_code => $item->{item_code},
    verified_qty => 3, status => 'finalized', created_at => '2026-01-05T08:10:00Z', updated_at => '2026-01-05T08:10:00Z' }] });
is_deeply $sync->data->{ok}, ['acl-1'], 'a sync' or diag $sync->text;
is $asha->post("/api/racks/$rack/pause", {})->status, 200, 'a pause';
is $asha->post("/api/racks/$rack/resume", {})->status, 200, 'and its end';
is $asha->post("/api/racks/$rack/release", {})->status, 200, 'a release';
my $job = $boss->post('/api/reports/generate', { type => 'stock_summary', format => 'csv' }, headers => { Prefer => 'wait=30' });
is $job->data->{status}, 'succeeded', 'a job' or diag $job->text;
is $asha->post('/api/auth/logout', {})->status, 200, 'a logout';
is $asha->get('/api/auth/me')->status, 401, 'which is known at once';
is $boss->get('/api/health')->data->{status}, 'healthy', 'health';
wait_until { ($redis->command('ZCARD', 'floor:heartbeats') // 0) == 0 } 20, 'heartbeats to be written';

my ($text, $status) = $stack->ctl(['check', $stack->{stack}->check_options]);
is $status, 0, 'the check agrees' or diag $text;
my $logged = join "\n", map { @$_ } grep { ref } @{ $redis->command(qw(ACL LOG)) // [] };
is $logged, '', 'nothing was refused';

$stack->expect_log(qr/redis|NOPERM|permission/i);
$redis->command(qw(ACL SETUSER stockverify resetkeys));
($text, $status) = $stack->ctl(['check', $stack->{stack}->check_options]);
is $status, 1, 'without its keys';
like $text, qr/^redis .*lacks ~\*/m, 'the check names what is missing';
$redis->command(qw(ACL SETUSER stockverify ~* resetchannels));
($text, $status) = $stack->ctl(['check', $stack->{stack}->check_options]);
is $status, 1, 'without its channels';
like $text, qr/^redis .*lacks &\*/m, 'likewise';
done_testing;

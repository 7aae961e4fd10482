#!/usr/bin/perl
# nginx without a master (master_process off): one process is all there is, for counting, many requests at once and the end.
use lib 't/lib';
use StockVerify::Test;

my $stack = start_stack(main => "master_process off;\n");
my $asha = $stack->login('staff');
my $rack = $stack->rack;
my $nginx = $stack->state->{pids}{nginx};
is_deeply [$stack->workers], [], 'there are no processes below it';

my $claim = $asha->post("/api/racks/$rack/claim", {});
is $claim->status, 200, 'a rack is claimed' or diag $claim->text;
my $session = $claim->data->{session_id};
is $asha->post("/api/sessions/$session/heartbeat", {})->status, 200, 'and held';
my $now = '2026-01-01T00:00:00Z';
my $batch = $asha->post('/api/sync/batch', { records => [{
    client_record_id => 'single-1', session_id => $session, item_code => $asha->get("/api/racks/$rack/items")->data->{items}[0]{item_code},
    verified_qty => 3, status => 'finalized', created_at => $now, updated_at => $now,
}] });
is_deeply $batch->data->{ok}, ['single-1'], 'a record is kept' or diag $batch->text;

my @answers = $stack->parallel(map { [$asha, GET => $_ % 2 ? '/api/auth/me' : '/api/sync/conflicts'] } 1 .. 100);
is_deeply [grep { $_->status != 200 } @answers], [], 'a hundred requests at once';

# A single process cannot take a new configuration; it says so and goes on with the one it has.
my $refusal = qr/under "master_process off" a new configuration needs a restart/;
$stack->expect_log($refusal);
$stack->{stack}->signal_part('nginx', 'HUP');
wait_until { grep { $_ =~ $refusal } $stack->log_lines('error') } 20, 'the refusal of a reload';
is $asha->post("/api/sessions/$session/heartbeat", {})->status, 200, 'the rack is held after it';
is $asha->get("/api/sessions/$session/records")->data->{items}[0]{verified_qty}, 3, 'and the database is asked';
is $stack->state->{pids}{nginx}, $nginx, 'by the same process';
is $asha->post("/api/sessions/$session/complete", {})->status, 200, 'the rack is completed';
$stack->stop_part('nginx');
ok !$stack->is_running('nginx'), 'and it ends when told';

done_testing;

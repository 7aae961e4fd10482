#!/usr/bin/perl
# What the round of a rack has already, for whoever goes on with it, and what is declared empty in it.
use lib 't/lib';
use StockVerify::Test;

my $stack = start_stack();
my ($asha, $ben) = map { $stack->login('staff') } 1 .. 2;
my $boss = $stack->login('supervisor');
my $warehouse = $asha->user->{warehouse};
my $at = '2026-01-05T08:00:00Z';
my %serial = map { ($_->{item_code} => ($_->{serial_tracked} // '') =~ /^(?:true|1|yes)$/i) } $stack->demo('items');
my %here = map { ($_->{rack_id} => 1) } grep { $_->{warehouse} eq $warehouse } $stack->demo('racks');
my %expected;
push @{ $expected{ $_->{rack_id} } }, $_->{item_code} for grep { $here{ $_->{rack_id} } && !$serial{ $_->{item_code} } } $stack->demo('expected');
my @racks = grep { @{ $expected{$_} } >= 3 } sort keys %expected;

sub record {
    my ($id, $session, $item, $quantity, %member) = @_;
    return { client_record_id => $id, session_id => $session, item_code => $item, verified_qty => $quantity, status => 'finalized',
             created_at => $at, updated_at => $at, %member };
}

sub send_ok {
    my ($client, @records) = @_;
    my $answer = $client->post('/api/sync/batch', { records => \@records });
    is_deeply $answer->data->{ok}, [map { $_->{client_record_id} } @records], 'stored' or diag $answer->text;
    return;
}

subtest 'nothing there' => sub {
    my $rack = shift @racks;
    my @items = sort @{ $expected{$rack} };
    my $session = $asha->post("/api/racks/$rack/claim", {})->data->{session_id};
    send_ok($asha, record('e-1', $session, $items[0], 5));
    my $all = $asha->post("/api/racks/$rack/empty", { session_id => $session, item_codes => [$items[0], $items[1], 'NOT-EXPECTED'] });
    is $all->status, 200, 'declared' or diag $all->text;
    is_deeply [map { $all->data->{$_} } qw(declared counted unexpected)], [[$items[1]], [$items[0]], ['NOT-EXPECTED']], 'what was named';
    my $rest = $asha->post("/api/racks/$rack/empty", { session_id => $session });
    is_deeply $rest->data->{counted}, [$items[0]], 'what was counted stays';
    ok !grep({ $_ eq $items[0] } @{ $rest->data->{declared} }), 'and is not declared';
    is_deeply $asha->post("/api/racks/$rack/empty", { session_id => $session })->data, $rest->data, 'again: the same answer';
    my @records = @{ $asha->get("/api/sessions/$session/records", query => { limit => 500 })->data->{items} };
    is_deeply [grep { $_->{verified_qty} != 0 || !$_->{counts} } grep { $_->{declared_empty} } @records], [], 'its zeros count';
    is scalar(grep { $_->{declared_empty} } @records), scalar @{ $rest->data->{declared} }, 'one for each';
    send_ok($asha, record('e-2', $session, $items[1], 3));
    my ($zero) = grep { $_->{declared_empty} && $_->{item_code} eq $items[1] } @{ $asha->get("/api/sessions/$session/records", query => { limit => 500 })->data->{items} };
    is $zero->{standing}, 'yielded', 'a real figure takes the place of a zero';

    is $asha->post("/api/racks/$rack/empty", {})->status, 422, 'without a session';
    is $ben->post("/api/racks/$rack/empty", { session_id => $session })->status, 403, "another's session";
    is $boss->post("/api/racks/$rack/empty", { session_id => $session })->status, 403, 'also of a supervisor: who says it was there';
    is $asha->post("/api/racks/$racks[0]/empty", { session_id => $session })->status, 422, 'another rack';
    is $boss->post("/api/racks/$rack/release", {})->status, 200, 'the rack changes hands';
    $ben->post("/api/racks/$rack/claim", {});
    is $asha->post("/api/racks/$rack/empty", { session_id => $session })->code, 'lock_lost', 'nothing more is said of it';
    my @said = $stack->mongo->find('activity_logs', { action => 'rack.empty', session_id => $session });
    is scalar @said, 2, 'what was declared is in the trail, repeats are not';
};

done_testing;

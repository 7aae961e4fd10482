#!/usr/bin/perl
# The watchtower: a warehouse in one answer, and the place from which events go on without a gap.
use lib 't/lib';
use StockVerify::Events;
use StockVerify::Test;

my $stack = start_stack();
my ($asha, $ben) = map { $stack->login('staff') } 1 .. 2;
my $boss = $stack->login('supervisor');
my $here = $asha->user->{warehouse};
my ($chen) = map { $stack->login($_) } grep { $_->{warehouse} ne $here } $stack->users('staff');
my ($elsewhere) = grep { $_->{warehouse} ne $here } $stack->demo('racks');
my @racks = map { $stack->rack } 1 .. 3;
my $theirs = $stack->rack(warehouse => $elsewhere->{warehouse});

sub tower { my (%query) = @_; return $boss->get('/api/admin/watchtower', query => { warehouse => $here, %query })->data }

is $asha->get('/api/admin/watchtower')->code, 'forbidden', 'staff do not watch';
my $empty = tower();
is_deeply $empty->{people}, [], 'nobody is there yet';
is scalar @{ $empty->{racks} }, scalar(grep { $_->{warehouse} eq $here } $stack->demo('racks')), 'every rack of the warehouse is';

my %session = ($racks[0] => $asha->post("/api/racks/$racks[0]/claim", {})->data->{session_id}, $racks[1] => $ben->post("/api/racks/$racks[1]/claim", {})->data->{session_id});
my $other = $chen->post("/api/racks/$theirs/claim", {})->data->{session_id};
my @items = map { $_->{item_code} } grep { $_->{serial_tracked} eq 'false' } $stack->demo('items');
$asha->post('/api/sync/batch', { records => [map { { client_record_id => "w-$_", session_id => $session{ $racks[0] }, item_code => $items[$_ % 3], verified_qty => 1, partial => \1,
    status => 'finalized', created_at => '2026-01-05T08:00:00Z', updated_at => '2026-01-05T08:00:00Z' } } 0 .. 5] });
$ben->post("/api/racks/$racks[1]/pause", {});

my $now = tower();
is $now->{warehouse}, $here, 'of one warehouse';
my %rack = map { ($_->{rack_id} => $_) } @{ $now->{racks} };
is "$rack{ $racks[0] }{status} $rack{ $racks[0] }{session_id} $rack{ $racks[0] }{user_id}", "claimed $session{ $racks[0] } " . $asha->user_id, 'a rack that is held, and by whom';
is $rack{ $racks[1] }{status}, 'paused', 'one that is paused';
is_deeply [@{ $rack{ $racks[2] } }{qw(status session_id user_id)}], ['available', undef, undef], 'one that is free';
is $rack{$theirs}, undef, 'none of another warehouse';
my %states;
$states{ $_->{status} }++ for @{ $now->{racks} };
my %figures;
for my $floor (@{ $now->{floors} }) { $figures{$_} += $floor->{$_} for qw(available claimed paused completed) }
is_deeply { map { ($_ => $states{$_} // 0) } keys %figures }, \%figures, 'the figures by floor are those of the racks';
my %person = map { ($_->{user_id} => $_) } @{ $now->{people} };
is_deeply [sort keys %person], [sort $asha->user_id, $ben->user_id], 'who has a rack';
my $of_asha = $person{ $asha->user_id };
is "$of_asha->{rack_id} $of_asha->{session_id} $of_asha->{status} $of_asha->{items}", "$racks[0] $session{ $racks[0] } active 3", 'with rack, session, and items counted, each once';
ok defined $of_asha->{heartbeat_age_seconds} && $of_asha->{heartbeat_age_seconds} < 300, 'and when it was heard of';
ok defined $of_asha->{items_per_minute}, 'and the pace';
is $person{ $ben->user_id }{status}, 'paused', 'a pause is told';
is $now->{activity}[0]{type}, 'rack.paused', 'the newest activity first';
is_deeply [sort map { "$_->{type} $_->{id}" } grep { $_->{type} ne 'session.synced' } @{ $now->{activity} }],
    ["rack.claimed $racks[0]", "rack.claimed $racks[1]", "rack.paused $racks[1]"], 'of this warehouse alone';
is scalar(grep { $_->{rack_id} eq $theirs } @{ $boss->get('/api/admin/watchtower', query => { warehouse => $elsewhere->{warehouse} })->data->{people} }), 1, 'another is asked for by name';

my $stream = StockVerify::Events->open($stack, $boss, topics => 'activity', headers => { 'Last-Event-ID' => $now->{event_id} })->ready;
$asha->post("/api/racks/$racks[0]/release", {});
is $stream->next->{type}, 'rack.released', 'events go on where the answer was';

SKIP: {
    skip 'Redis is not ours to stop', 1 unless $stack->owns('redis');
    $stack->expect_log(qr/redis/i);
    $stack->stop_part('redis');
    my $without;
    wait_until { $without = $boss->get('/api/admin/watchtower'); $without->status == 200 && !defined $without->data->{event_id} } 30, 'an answer without Redis';
    is_deeply $without->data->{activity}, [], 'without Redis there is no activity, and no place';
    ok scalar @{ $without->data->{racks} }, 'but the racks';
    $stack->start_part('redis');
    wait_until { defined tower()->{event_id} } 30, 'the place to be back';
}

done_testing;

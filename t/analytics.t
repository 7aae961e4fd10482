#!/usr/bin/perl
# GET /api/sessions/analytics: variance, value, accuracy and speed, by warehouse, staff, floor and day.
use lib 't/lib';
use Mojo::Date;
use StockVerify::Test;

my $stack = start_stack();
my ($asha, $ben) = map { $stack->login('staff') } 1 .. 2;
my $boss = $stack->login('supervisor');
my @racks = $stack->demo('racks');
my $warehouse = $racks[0]{warehouse};
my @floors = do { my %seen; grep { !$seen{$_}++ } map { $_->{floor} } grep { $_->{warehouse} eq $warehouse } @racks };
my ($first, $second) = map { my $floor = $_; (grep { $_->{warehouse} eq $warehouse && $_->{floor} eq $floor } @racks)[0]{rack_id} } @floors[0, 1];
my ($short, $over, $shared) = map { $_->{item_code} } grep { ($_->{serial_tracked} // '') !~ /^(?:true|1|yes)$/i && $_->{warehouse} eq $warehouse } $stack->demo('items');
# A quarter to midnight in UTC is another day there.
is +($stack->ctl(['warehouses', 'set', $warehouse, '--currency', 'INR', '--time-zone', 'Asia/Kolkata']))[1], 0, 'the warehouse has a currency and a zone';

$stack->mongo->update(erp_items => { item_code => $_ }, { '$set' => { uom => 'PCS' } }) for $short, $over, $shared;
my $count = $boss->post('/api/sessions', { warehouse => $warehouse, name => 'All' })->data->{session_id};
wait_until { ($stack->mongo->find(sessions => { session_id => $count, book_state => 'frozen' }))[0] };
$stack->mongo->update(session_book => { session_id => $count, item_code => $_ }, { '$set' => { uom => 'PCS', system_qty => { '$numberDecimal' => '100' }, unit_cost => { '$numberDecimal' => '2' } } })
    for $short, $over, $shared;

sub count_items {
    my ($user, $rack, %quantity) = @_;
    my $session = $user->post("/api/racks/$rack/claim", { count_id => $count })->data->{session_id};
    my $at = Mojo::Date->new(time)->to_datetime;
    my @records = map { { client_record_id => "$rack-$_", session_id => $session, item_code => $_, verified_qty => $quantity{$_}, status => 'finalized', created_at => $at, updated_at => $at } } sort keys %quantity;
    is_deeply $user->post('/api/sync/batch', { records => \@records })->data->{conflicts}, [], "$rack is counted";
    return $session;
}

sub analytics {
    my (%query) = @_;
    my $answer = $boss->get('/api/sessions/analytics', query => \%query);
    is $answer->status, 200, join(' ', map { "$_=$query{$_}" } sort keys %query) or diag $answer->text;
    return $answer->data;
}

my $of_asha = count_items($asha, $first, $short => 95, $over => 105, $shared => 60);
my $of_ben = count_items($ben, $second, $shared => 40);
is $_->[0]->post("/api/sessions/$_->[1]/complete")->status, 200, 'a rack is completed' for [$asha, $of_asha], [$ben, $of_ben];
$stack->finish_racks($asha, $count, $short, $over, $shared);
wait_until { 3 == $stack->mongo->count('session_book', { session_id => $count, state => 'counted' }) };

subtest 'accuracy' => sub {
    my $total = analytics(count_id => $count)->{total};
    is_deeply [@$total{qw(lines compared hits)}], [3, 3, 1], '95 and 105 of 100 are no hits at 1 %';
    cmp_ok abs($total->{hit_rate} - 1 / 3), '<', 1e-5, 'so one of three lines is';
    is_deeply plain($total->{quantity}), [{ uom => 'PCS', lines => 3, without => 0, net => 0, gross => 10, accuracy => 0.966667 }], 'ten of three hundred pieces were elsewhere';
    is_deeply plain($total->{value}), [{ currency => 'INR', lines => 3, without => 0, net => 0, gross => 20, accuracy => 0.966667 }], 'and their value';
    is analytics(count_id => $count, tolerance => 5)->{total}{hit_rate}, 1, 'at 5 % all are hits';
    is analytics(count_id => $count, tolerance => 4.9)->{total}{hits}, 1, 'at 4.9 % they are not';
};

subtest 'groups' => sub {
    my ($one) = @{ analytics(count_id => $count)->{groups} };
    is_deeply [@$one{qw(warehouse lines)}], [$warehouse, 3], 'the warehouse';
    my %of = map { ($_->{user_id} => $_) } @{ analytics(count_id => $count, group_by => 'staff')->{groups} };
    is_deeply [map { $of{ $_->user_id }{lines} } $asha, $ben], [3, 1], 'a line of two people is in the group of each';
    is $of{ $ben->user_id }{hit_rate}, 1, 'what Ben counted is right';
    ok $of{ $asha->user_id }{full_name}, 'people have names';
    my %on = map { ($_->{floor} => $_) } @{ analytics(count_id => $count, group_by => 'floor')->{groups} };
    is_deeply [map { $on{$_}{lines} } @floors[0, 1]], [3, 1], 'of floors likewise';
    my ($late, $early) = ('2026-01-05T18:15:00Z', '2026-01-05T18:45:00Z');
    $stack->mongo->update(session_book => { session_id => $count, item_code => $short }, { '$set' => { 'counted.at' => { '$date' => $late } } });
    $stack->mongo->update(session_book => { session_id => $count, item_code => $over }, { '$set' => { 'counted.at' => { '$date' => $early } } });
    my @days = @{ analytics(count_id => $count, group_by => 'day', to => '2026-01-31')->{groups} };
    is_deeply [map { $_->{day} } grep { $_->{lines} } @days], ['2026-01-05', '2026-01-06'], 'days are those of the warehouse';
    my @utc = @{ analytics(count_id => $count, group_by => 'day', to => '2026-01-31', tz => 'UTC')->{groups} };
    is_deeply [map { "$_->{day} $_->{lines}" } grep { $_->{lines} } @utc], ['2026-01-05 2'], 'or of a zone that is named';
};

subtest 'speed' => sub {
    my $lasted = sub { my ($session, $seconds) = @_; $stack->mongo->update(verification_sessions => { session_id => $session }, { '$set' => { 'final_stats.duration_seconds' => { '$numberLong' => "$seconds" } } }) };
    $lasted->($_->{session_id}, 0) for $stack->mongo->find(verification_sessions => { count_id => $count });
    is analytics(count_id => $count)->{total}{items_per_minute}, undef, 'not known of what took no time';
    $lasted->($of_asha, 90);
    $lasted->($of_ben, 30);
    my $total = analytics(count_id => $count, group_by => 'staff')->{total};
    is_deeply [@$total{qw(sessions items duration_seconds items_per_minute)}], [5, 4, 120, 2], 'four items in two minutes, with racks where nothing was';
};

subtest 'what is refused' => sub {
    is $asha->get('/api/sessions/analytics')->status, 403, 'staff';
    is $boss->get('/api/sessions/analytics', query => { count_id => 'none' })->status, 404, 'a count that is none';
    is $boss->get('/api/sessions/analytics', query => { $_->[0] => $_->[1] })->status, 400, "@$_" for [tolerance => 101], [tolerance => -1], [group_by => 'shelf'];
    is scalar @{ analytics(from => '2020-01-01', to => '2020-01-02')->{groups} }, 0, 'a time without counts';
    ok analytics()->{from}, 'thirty days unless another time is named';
};

done_testing;

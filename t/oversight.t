#!/usr/bin/perl
# What supervisors watch: figures, people, what was done, and what looks wrong.
use lib 't/lib';
use Mojo::Date;
use StockVerify::Test;

# The zeros of a morning are fewer here: the bounds are settings.
my $stack = start_stack(settings => { ALERT_ZERO_COUNTS => 8 });
my ($asha, $ben, $cara) = map { $stack->login('staff') } 1 .. 3;
my $boss = $stack->login('supervisor');
my $warehouse = $asha->user->{warehouse};

sub of { my ($page, %query) = @_; return $boss->get("/api/admin/$page", query => \%query)->data }

sub rules { return join ' ', sort map { $_->{rule} } @{ of('alerts', warehouse => $warehouse) } }

subtest 'nothing under way' => sub {
    my $kpis = of('kpis', warehouse => $warehouse);
    my $racks = grep { $_->{warehouse} eq $warehouse } $stack->demo('racks');
    is_deeply $kpis->{racks}, { available => $racks, claimed => 0, paused => 0, completed => 0 }, 'all racks are free';
    is_deeply [scalar @{ $kpis->{records_by_hour} }, $kpis->{records_today}], [24, 0], 'and nothing is counted';
    is_deeply [of('active-users'), of('alerts')], [[], []], 'by nobody';
    is of('kpis', warehouse => 'none')->{racks}{available}, 0, 'another warehouse has its own figures';
};

my ($rack, $other) = map { $stack->rack } 1 .. 2;
my $session = $asha->post("/api/racks/$rack/claim", {})->data->{session_id};
my $idle = $ben->post("/api/racks/$other/claim", {})->data->{session_id};
my @items = map { $_->{item_code} } grep { ($_->{serial_tracked} // '') !~ /^(?:true|1|yes)$/i } $stack->demo('items');
# By a phone whose calendar is two hours behind.
my $now = Mojo::Date->new(time - 7201)->to_datetime;

sub record {
    my ($id, $item, $qty) = @_;
    return { client_record_id => $id, session_id => $session, item_code => $item, verified_qty => $qty, status => 'finalized', created_at => $now, updated_at => $now };
}

subtest 'people at work' => sub {
    my ($first) = grep { $_->{user_id} eq $asha->user_id } @{ of('active-users', warehouse => $warehouse) };
    is_deeply [map { "$_->{rack_id} $_->{session_id}" } @{ $first->{sessions} }], ["$rack $session"], 'with their racks';
    ok $first->{last_heartbeat}, 'and the last sign of their phones';
    my @names = map { $_->{full_name} } @{ of('active-users') };
    is_deeply \@names, [sort @names], 'by name';
    my ($claim) = grep { ($_->{rack_id} // '') eq $rack } @{ of('activity', warehouse => $warehouse)->{items} };
    is_deeply [@$claim{qw(action user_id session_id)}], ['rack.claim', $asha->user_id, $session], 'what they did';
    ok $claim->{full_name}, 'by name';
    my $page = of('activity', limit => 1);
    isnt of('activity', limit => 1, cursor => $page->{next_cursor})->{items}[0]{session_id}, $page->{items}[0]{session_id}, 'page by page';
};

# Of one person, in one word: the rack with the most that is expected.
my %expected;
push @{ $expected{ $_->{rack_id} } }, $_->{item_code} for $stack->demo('expected');
my ($empty) = sort { @{ $expected{$b} } <=> @{ $expected{$a} } || $a cmp $b }
    grep { my $row = $_; $row ne $rack && $row ne $other && grep { $_->{rack_id} eq $row && $_->{warehouse} eq $warehouse } $stack->demo('racks') } keys %expected;
my $declared = 0;

subtest 'alerts' => sub {
    is rules(), '', 'there are none at first';
    my $there = $cara->post("/api/racks/$empty/claim", {})->data->{session_id};
    is $cara->post("/api/racks/$empty/empty", { session_id => $there })->status, 200, 'a rack is declared empty';
    $declared = $stack->mongo->count('verification_records', { session_id => $there });
    cmp_ok $declared, '>=', 8, 'of as many items as zeros are too many';
    is $cara->post("/api/racks/$empty/release", {})->status, 200, 'and given back';
    is rules(), '', 'which is said once';
    my @zeros = map { record("zero-$_", $items[$_], 0) } 0 .. 7;
    $asha->post('/api/sync/batch', { records => [@zeros[0 .. 6]] });
    is rules(), '', 'nor for seven zeros';
    $asha->post('/api/sync/batch', { records => [$zeros[7]] });
    is rules(), 'repeated_zero', 'zero again and again';
    my ($zero) = @{ of('alerts') };
    is_deeply [@$zero{qw(user_id value limit)}], [$asha->user_id, 8, 8], 'whose, how much, and the bound';
    $asha->post('/api/sync/batch', { records => [map { record("again-$_", $items[0], $_) } 1 .. 20] });
    is rules(), 'conflicts_growing repeated_zero', 'conflicts';
    $stack->mongo->run(insert => 'verification_records', documents => [map { { client_record_id => "fast-$_", user_id => $asha->user_id, session_id => 'fast',
        item_code => "fast-$_", warehouse => $warehouse, whole => \0, verified_qty => { '$numberDecimal' => '1' }, counted_at => { '$date' => Mojo::Date->new(time)->to_datetime } } } 1 .. 620]);
    is rules(), 'conflicts_growing impossible_speed repeated_zero', 'faster than a person';
    $stack->mongo->run(delete => 'verification_records', deletes => [{ q => { session_id => 'fast' }, limit => 0 }]);
    $stack->login($ben->user);
    is rules(), 'conflicts_growing repeated_zero two_devices', 'a second login at work';
    my $long_ago = Mojo::Date->new(time - 1200)->to_datetime;
    $stack->mongo->update(verification_sessions => { session_id => $_ }, { '$set' => { started_at => { '$date' => $long_ago } } }) for $session, $idle;
    my @idle = grep { $_->{rule} eq 'rack_idle' } @{ of('alerts') };
    is_deeply [map { $_->{session_id} } @idle], [$idle], 'a rack without records, and no other';
};

subtest 'a page in one answer' => sub {
    my $page = of('dashboard', warehouse => $warehouse);
    is_deeply $page->{floors}, $boss->get('/api/racks/floors', query => { warehouse => $warehouse })->data, 'the floors';
    is $page->{kpis}{racks}{claimed}, 2, 'the figures';
    is $page->{kpis}{waiting}{conflicts}, 20, 'what waits';
    is eval { my $sum = 0; $sum += $_->{records} for @{ $page->{kpis}{records_by_hour} }; $sum }, 8 + $declared, 'the hours, whatever the calendar of the phone said';
    is_deeply [sort map { $_->{user_id} } @{ $page->{active_users} }], [sort $asha->user_id, $ben->user_id], 'the people';
    my @alerts = map { join ' ', $_->{rule}, $_->{session_id} // '' } @{ of('alerts', warehouse => $warehouse) };
    is_deeply [map { join ' ', $_->{rule}, $_->{session_id} // '' } @$_], \@alerts, 'the alerts, here and in the watchtower' for $page->{alerts}, of('watchtower', warehouse => $warehouse)->{alerts};
    ok scalar @{ $page->{activity}{items} }, 'and what was done';
};

done_testing;

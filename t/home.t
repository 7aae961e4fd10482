#!/usr/bin/perl
# /api/home: what an app paints first, as the routes behind it say it.
use lib 't/lib';
use StockVerify::Test;

my $stack = start_stack();
my ($asha, $ben) = map { $stack->login('staff') } 1 .. 2;
my $boss = $stack->login('supervisor');
my $warehouse = $asha->user->{warehouse};

sub home { my ($client) = @_; return $client->get('/api/home')->data }

subtest 'before anything happened' => sub {
    my $home = home($asha);
    is_deeply $home->{user}, $asha->get('/api/auth/me')->data, 'the user';
    is $home->{config_etag}, $asha->get('/api/config')->header('ETag'), 'the settings an app may keep';
    like $home->{server_time}, qr/^\d{4}-\d\d-\d\dT.*Z$/, 'the time';
    is_deeply $home->{floors}, $asha->get('/api/racks/floors')->data, 'the floors';
    is_deeply [@$home{qw(racks open_counts conflicts_open)}], [[], [], 0], 'and nothing under way';
};

subtest 'while counting' => sub {
    my $count = $boss->post('/api/sessions', { warehouse => $warehouse, name => 'Home' })->data->{session_id};
    my $rack = $stack->rack;
    my $claim = $asha->post("/api/racks/$rack/claim", { count_id => $count })->data;
    my $home = home($asha);
    is_deeply [map { "$_->{rack_id} $_->{session_id}" } @{ $home->{racks} }], ["$rack $claim->{session_id}"], 'the rack with its session';
    cmp_ok $home->{racks}[0]{lock_ttl}, '>', 0, 'and what is left of its lease';
    is_deeply home($ben)->{racks}, [], 'which is not in the hands of others';
    is_deeply [map { $_->{session_id} } @{ $home->{open_counts} }], [$count], 'the count that is open';
    ok !exists $home->{open_counts}[0]{total_items}, 'staff get no totals';
    my ($open) = grep { $_->{session_id} eq $count } @{ home($boss)->{open_counts} };
    ok exists $open->{total_items}, 'supervisors do';

    my ($item) = map { $_->{item_code} } grep { ($_->{serial_tracked} // '') !~ /^(?:true|1|yes)$/i } $stack->demo('items');
    my $record = sub { return { client_record_id => $_[0], session_id => $claim->{session_id}, item_code => $item, verified_qty => $_[1], status => 'finalized',
        created_at => '2026-01-02T03:04:05Z', updated_at => '2026-01-02T03:04:05Z' } };
    $asha->post('/api/sync/batch', { records => [$record->(one => 1), $record->(two => 2)] });
    is home($asha)->{conflicts_open}, 1, 'a conflict to decide';
    is home($ben)->{conflicts_open}, 0, 'is not another user\'s';
    is home($boss)->{conflicts_open}, 1, 'but a supervisor\'s as well';
};

subtest 'a count of another warehouse' => sub {
    my ($other) = grep { $_ ne $warehouse } map { $_->{warehouse} } @{ $boss->get('/api/warehouses')->data };
    plan skip_all => 'there is one warehouse' unless defined $other;
    my $count = $boss->post('/api/sessions', { warehouse => $other })->data->{session_id};
    ok !(grep { $_->{session_id} eq $count } @{ home($asha)->{open_counts} }), 'is not told to the staff of this one';
};

done_testing;

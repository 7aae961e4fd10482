#!/usr/bin/perl
# The life of a serial number over counts, and what a count says of all of them.
use lib 't/lib';
use StockVerify::Test;

my $stack = start_stack();
my ($asha, $ben) = map { $stack->login('staff') } 1 .. 2;
my $sue = $stack->login('supervisor');
my ($item) = map { $_->{item_code} } grep { ($_->{serial_tracked} // '') =~ /^(?:true|1|yes)$/i } $stack->demo('items');
my $rack = $stack->rack;
my ($warehouse) = map { $_->{warehouse} } grep { $_->{rack_id} eq $rack } $stack->demo('racks');
my ($other) = map { $_->{rack_id} } grep { $_->{warehouse} eq $warehouse && $_->{rack_id} ne $rack } $stack->demo('racks');

sub code { my ($answer) = @_; return $answer->status . ' ' . ($answer->json->{error} ? $answer->json->{error}{code} : 'ok') }

sub counted {
    my ($user, $session, $id, @numbers) = @_;
    my $record = { client_record_id => $id, session_id => $session, item_code => $item, verified_qty => scalar @numbers, status => 'finalized',
                   created_at => '2026-01-05T08:00:00Z', updated_at => '2026-01-05T08:00:00Z', serial_numbers => \@numbers };
    my $data = $user->post('/api/sync/batch', { records => [$record] })->data;
    return join ' ', @{ $data->{ok} }, map { $_->{type} } @{ $data->{conflicts} };
}

sub opened {
    my (%more) = @_;
    return $sue->post('/api/sessions', { warehouse => $warehouse, %more })->data->{session_id};
}

sub claimed { my ($user, $on, $count) = @_; return $user->post("/api/racks/$on/claim", { count_id => $count })->data->{session_id} }

# "found A, missing B": a page of a count's serial numbers in words.
sub says {
    my ($count, %query) = @_;
    my $data = $sue->get('/api/serials', query => { count_id => $count, %query })->data;
    return join ', ', map { "$_->{state} $_->{serial_number}" . ($_->{swapped} ? ' swapped' : '') } @{ $data->{items} };
}

my $first = opened();
my $session = claimed($asha, $rack, $first);
is counted($asha, $session, 'a1', 'SN-1', 'SN-2', 'SN-3'), 'a1', 'three pieces are counted';
is says($first), 'found SN-1, found SN-2, found SN-3', 'and found';
$sue->post('/api/sessions/bulk/close', { session_ids => [$first], force => Mojo::JSON->true });
my $second = opened(blind => Mojo::JSON->true);
my ($mine, $theirs) = (claimed($asha, $rack, $second), claimed($ben, $other, $second));
is counted($asha, $mine, 'b1', 'sn-1', 'SN-9'), 'b1', 'the next count finds one of them, and another';
is counted($ben, $theirs, 'b2', 'SN-3'), 'b2', 'and one elsewhere';

subtest 'what the count says' => sub {
    is says($second), 'found SN-1, missing SN-2 swapped, misplaced SN-3, found SN-9 swapped', 'beside where they were';
    is says($second, state => 'swapped'), 'missing SN-2 swapped, found SN-9 swapped', 'by state';
    is says($second, state => 'missing', item_code => $item), 'missing SN-2 swapped', 'and item';
    my $page = $sue->get('/api/serials', query => { count_id => $second, limit => 3 })->data;
    is_deeply $page->{totals}, { found => 2, misplaced => 1, missing => 1, duplicate => 0, swapped => 2 }, 'in sum';
    is scalar @{ $page->{items} }, 3, 'a page';
    is says($second, limit => 3, cursor => $page->{next_cursor}), 'found SN-9 swapped', 'and the next';
    is says($first), 'found SN-1, found SN-2, found SN-3', 'the count before says what it said';
    is code($asha->get('/api/serials', query => { count_id => $second })), '403 forbidden', 'for supervisors';
    is code($sue->get('/api/serials', query => { count_id => 'none' })), '404 not_found', 'of a count';
};

subtest 'a life' => sub {
    my $life = $sue->get('/api/serials/sn-3')->data;
    my ($it) = @{ $life->{items} };
    is_deeply [@{ $it->{current} }{qw(count_id rack_id client_record_id)}], [$second, $other, 'b2'], 'where it is';
    is_deeply [map { "$_->{count_id} $_->{rack_id}" } @{ $it->{places} }], ["$first $rack"], 'and was';
    is_deeply $asha->get('/api/serials/SN-3')->data->{items}[0]{current}, { n => 2, hidden => Mojo::JSON->true }, 'not for others while the count is blind';
    is $ben->get('/api/serials/SN-3')->data->{items}[0]{current}{rack_id}, $other, 'for whoever counted it there';
    is counted($asha, $mine, 'b3', 'SN-3'), 'duplicate_serial', 'it is met twice';
    is_deeply [map { $_->{client_record_id} } @{ $sue->get('/api/serials/SN-3')->data->{conflicts} }], ['b3'], 'which its life tells';
    is_deeply $ben->get('/api/serials/SN-3')->data->{conflicts}, [], 'to nobody else';
    is says($second, state => 'duplicate'), 'duplicate SN-3', 'and the count';
    is code($asha->get('/api/serials/none')), '404 not_found', 'nobody has counted it';
};

done_testing;

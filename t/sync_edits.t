#!/usr/bin/perl
# Edits, voids, partial figures and late work, as a phone sends them; one shift sent straight and sent badly.
use lib 't/lib';
use List::Util 'shuffle';
use StockVerify::Test;

my $stack = start_stack(settings => { RACK_LOCK_TTL => 2, RACK_HOLD_MARGIN => 1, SESSION_GRACE => 1, HEARTBEAT_INTERVAL => 1,
    WORKER_REAPER_INTERVAL => 100, WORKER_WRITE_BEHIND_INTERVAL => 100 });
my ($asha, $ben) = map { $stack->login('staff') } 1 .. 2;
my @items = map { $_->{item_code} } grep { ($_->{serial_tracked} // '') !~ /^(?:true|1|yes)$/i } $stack->demo('items');
my @tracked = map { $_->{item_code} } grep { ($_->{serial_tracked} // '') =~ /^(?:true|1|yes)$/i } $stack->demo('items');

sub claim {
    my ($user, $rack) = @_;
    my $answer = $user->post("/api/racks/$rack/claim", {});
    is $answer->status, 200, "$rack is claimed" or diag $answer->text;
    return $answer->data->{session_id};
}

sub record {
    my ($id, $session, $item, $quantity, %member) = @_;
    return { client_record_id => $id, session_id => $session, item_code => $item, verified_qty => $quantity, status => 'finalized',
             created_at => '2026-01-05T08:00:00Z', updated_at => '2026-01-05T08:00:00Z', %member };
}

# The verdicts in the order of the records.
sub verdicts {
    my ($user, @records) = @_;
    my $answer = $user->post('/api/sync/batch', { records => \@records });
    return $answer->status . ' ' . $answer->text unless $answer->status == 200;
    my %word = ((map { $_ => 'ok' } @{ $answer->data->{ok} }), (map { $_->{client_record_id} => $_->{type} } @{ $answer->data->{conflicts} }),
        (map { $_->{client_record_id} => $_->{code} } @{ $answer->data->{errors} }));
    return join ' ', map { $word{ $_->{client_record_id} } } @records;
}

sub stored {
    my ($id) = @_;
    return plain($stack->mongo->find_one('verification_records', { client_record_id => $id }));
}

sub place_of {
    my ($serial) = @_;
    my $document = plain($stack->mongo->find_one('item_serials', { serial_number => $serial }));
    return $document && $document->{current} ? $document->{current}{client_record_id} : 'nowhere';
}

subtest 'an edit is ordered by its revision' => sub {
    my $session = claim($asha, $stack->rack);
    is verdicts($asha, record('e1', $session, $tracked[0], 2, revision => 1, serial_numbers => [ 'E1', 'E2' ])), 'ok', 'first';
    is verdicts($asha, record('e1', $session, $tracked[0], 3, revision => 5, serial_numbers => [ 'E2', 'E3', 'E4' ])), 'ok', 'newer';
    is verdicts($asha, record('e1', $session, $tracked[0], 9, revision => 4)), 'stale_update', 'older';
    is verdicts($asha, record('e1', $session, $tracked[0], 9, revision => 5)), 'stale_update', 'as old, and other';
    is stored('e1')->{verified_qty}, '3', 'the newest stands';
    is place_of($_->[0]), $_->[1], "serial $_->[0]" for [ E1 => 'nowhere' ], [ E2 => 'e1' ], [ E4 => 'e1' ];
    is verdicts($asha, record('e1', $session, $tracked[0], 3, revision => 6, status => 'void')), 'ok', 'withdrawn';
    is place_of('E2'), 'nowhere', 'its serial numbers are free';
    is verdicts($asha, record('e2', $session, $tracked[0], 1, serial_numbers => ['E2'])), 'ok', 'and its item';
};

subtest 'one figure counts, partial ones add up' => sub {
    my $session = claim($asha, $stack->rack);
    is verdicts($asha, record('p1', $session, $items[0], 1), record('p2', $session, $items[0], 2)), 'ok duplicate_count', 'one figure';
    is verdicts($asha, record('p3', $session, $items[1], 1, partial => \1), record('p4', $session, $items[1], 2, partial => \1)),
        'ok ok', 'parts';
    is verdicts($asha, record('p5', $session, $items[1], 2)), 'duplicate_count', 'a whole beside parts';
    is verdicts($asha, record('p6', $session, $items[0], 2, partial => \1)), 'duplicate_count', 'a part beside a whole';
};

subtest 'work of an interrupted session lands and revives it' => sub {
    my $rack = $stack->rack;
    my $session = claim($asha, $rack);
    is verdicts($asha, record('i1', $session, $items[0], 1)), 'ok', 'before the silence';
    wait_until { (plain($stack->mongo->find_one('verification_sessions', { session_id => $session })) || {})->{status} eq 'interrupted' }
        30, 'the reaper';
    is verdicts($asha, record('i2', $session, $items[1], 1)), 'ok', 'after it';
    is plain($stack->mongo->find_one('verification_sessions', { session_id => $session }))->{status}, 'active', 'the session lives';
    is $ben->post("/api/racks/$rack/claim", {})->status, 409, 'and its rack is held';
};

subtest 'a shift sent badly ends as the same shift sent straight' => sub {
    my %session = map { $_ => claim($asha, $stack->rack) } 'straight', 'badly';
    my @shift;
    srand 3;
    my %revision;
    for (1 .. 120) {
        my $n = int rand 30;
        push @shift, [ $n, $items[$n], int(rand 1000) / 8, revision => ++$revision{$n},
            status => rand() < 0.15 ? 'void' : 'finalized', damage_qty => 0 ];
    }
    my %sent = map {
        my $way = $_;
        ($way => [ map { my ($n, @rest) = @$_; record("$way-$n", $session{$way}, @rest) } @shift ])
    } keys %session;
    my $send = sub { my @batch = splice @{ $_[0] }, 0, 10; verdicts($asha, @batch) };
    my @straight = @{ $sent{straight} };
    $send->(\@straight) while @straight;
    my @badly = shuffle(@{ $sent{badly} }, @{ $sent{badly} });
    $send->(\@badly) while @badly;
    my %end;
    for my $way (keys %session) {
        for my $record (@{ plain([$stack->mongo->find('verification_records', { session_id => $session{$way} })]) }) {
            my ($n) = $record->{client_record_id} =~ /(\d+)$/;
            $end{$way}{$n} = join ' ', @$record{qw(item_code verified_qty status revision standing)};
        }
    }
    is scalar keys %{ $end{straight} }, scalar keys %revision, 'every record stands once';
    is_deeply $end{badly}, $end{straight}, 'and both ways the same';
};

done_testing;

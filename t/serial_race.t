#!/usr/bin/perl
# Two people scan the same serial numbers at the same moment, alone and among others, round after round: one has each
# number, the other is told who has it and where.
use lib 't/lib';
use StockVerify::Test;
use StockVerify::Counter;
use StockVerify::Ledger;
use StockVerify::Truth;

my ($ROUNDS, $SHARED) = (60, 8);
my $stack = start_stack(settings => { WORKER_TOTALS_INTERVAL => 50 });
my $ledger = StockVerify::Ledger->new;
my @tracked = map { $_->{item_code} } grep { $_->{serial_tracked} eq 'true' } $stack->demo('items');
my @people = map { StockVerify::Counter->new(stack => $stack, client => $stack->login('staff'), ledger => $ledger) } 1 .. 2;
my @names = map { $_->client->get('/api/auth/me')->data->{full_name} } @people;
my (@faults, %won, $next);

# Sends one batch of each at once; [verdict on each record by its number in the batch], for each person.
sub race {
    my (@records) = @_;
    my @answers = $stack->parallel(map { $people[$_]->batch_request($records[$_]) } 0, 1);
    my @verdicts;
    for my $who (0, 1) {
        $people[$who]->take_verdicts($records[$who], $answers[$who]) or die 'no verdicts: ' . $answers[$who]->text . "\n";
        my %met = map { ($_->{client_record_id} => $_) } $people[$who]->forget_conflicts;
        push @verdicts, [map { $met{ $_->{id} } } @{ $records[$who] }];
    }
    return @verdicts;
}

# One round over a pair of racks: `plan` gives each person's serial numbers per record; a number is shared where both have it.
sub round {
    my ($name, $sessions, @plan) = @_;
    my @records = map { my $who = $_;
        [map { $people[$who]->count($sessions->[$who], $tracked[$_ % @tracked], verified => 1_000_000 * @{ $plan[$who][$_] },
            serials => $plan[$who][$_]) } 0 .. $#{ $plan[$who] }] } 0, 1;
    $_->{queue} = [] for @people;
    my @verdicts = race(@records);
    my %has;
    for my $who (0, 1) {
        for my $number (grep { !$verdicts[$who][$_] } 0 .. $#{ $records[$who] }) {
            push @{ $has{$_} }, $who for @{ $records[$who][$number]{serials} };
        }
    }
    push @faults, map { "$name: both have $_" } grep { @{ $has{$_} } != 1 } sort keys %has;
    for my $who (0, 1) {
        for my $number (grep { $verdicts[$who][$_] } 0 .. $#{ $records[$who] }) {
            push @faults, map { "$name: $_" } complaints($who, $records[$who][$number], $verdicts[$who][$number], $sessions, \%has);
        }
    }
    $won{ $_->[0] }++ for values %has;
    return \%has;
}

# What is wrong with the word that the loser of a record got.
sub complaints {
    my ($who, $record, $conflict, $sessions, $has) = @_;
    my $other = 1 - $who;
    my @lost = grep { $has->{$_} && $has->{$_}[0] == $other } @{ $record->{serials} };
    my ($holder, $server) = ($conflict->{holder} || {}, $conflict->{server_record} || {});
    return "a conflict of type $conflict->{type}" if $conflict->{type} ne 'duplicate_serial';
    return (
        @lost ? () : "a conflict over @{ $record->{serials} }, which the other does not have",
        ($holder->{user_id} // '') eq $people[$other]->user_id ? () : 'it does not tell who has it',
        ($holder->{full_name} // '') eq $names[$other] ? () : 'it does not name who has it',
        ($server->{rack_id} // '') eq $sessions->[$other]{rack_id} ? () : 'it does not tell where',
        (grep { $conflict->{message} =~ /\Q$_\E/ } @lost) ? () : "it does not tell which: $conflict->{message}",
    );
}

sub claim_both { return [map { $_->claim($stack->rack) } @people] }
sub release_both { my ($sessions) = @_; $people[$_]->change(release => $sessions->[$_]) for 0, 1; return }

my $sessions = claim_both();
for my $round (1 .. $ROUNDS) {
    # Racks hold one figure an item, so each few rounds take new ones.
    if ($round % @tracked == 0) { release_both($sessions); $sessions = claim_both() }
    my $serial = sprintf 'ONE-%04d', $round;
    my @records = map { $people[$_]->count($sessions->[$_], $tracked[$round % @tracked], verified => 1_000_000, serials => [$serial]) } 0, 1;
    $_->{queue} = [] for @people;
    my @verdicts = race(map { [$_] } @records);
    my @stored = grep { !$verdicts[$_][0] } 0, 1;
    push @faults, "$serial: " . @stored . ' have it' if @stored != 1;
    push @faults, map { "$serial: $_" } complaints(1 - $stored[0], $records[1 - $stored[0]], $verdicts[1 - $stored[0]][0], $sessions,
        { $serial => [$stored[0]] }) if @stored == 1;
    $won{ $stored[0] }++ if @stored == 1;
}
release_both($sessions);
is_deeply \@faults, [], "$ROUNDS single numbers: one has it, the other is told who and where" or diag explain [@faults[0 .. ($#faults < 5 ? $#faults : 5)]];

# Batches that share some of their numbers, in opposite orders, so that neither can be stored whole before the other.
for my $round (1 .. 12) {
    $sessions = claim_both();
    my @shared = map { sprintf 'MANY-%02d-%02d', $round, $_ } 1 .. $SHARED;
    my @own = map { my $who = $_; [map { sprintf 'OWN-%d-%02d-%02d', $who, $round, $_ } 1 .. 12] } 0, 1;
    my @plan = map { my $who = $_; my @order = $who ? reverse @shared : @shared;
        [map { [$_ <= $SHARED ? $order[$_ - 1] : (), $own[$who][$_ - 1]] } 1 .. 12] } 0, 1;
    my $has = round("round $round", $sessions, @plan);
    push @faults, map { "round $round: nobody has $_" } grep { !$has->{$_} } @shared;
    push @faults, map { my $who = $_; map { "round $round: $_ was refused" } grep { !$has->{$_} } @{ $own[$who] }[$SHARED .. 11] } 0, 1;
    release_both($sessions);
}
is_deeply \@faults, [], "$SHARED numbers in opposite orders: each has one holder" or diag explain [@faults[0 .. ($#faults < 5 ? $#faults : 5)]];
is_deeply [sort keys %won], [0, 1], 'it is not always the same who wins' or diag explain \%won;

records_stand($stack, $ledger);
racks_stand($stack);
audit_stands($stack);
done_testing;

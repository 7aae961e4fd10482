#!/usr/bin/perl
# A shift whose answers all got lost, sent again in any order and twice at once, leaves what a straight one leaves:
# the same records, serial numbers and book totals, only under other ids.
use lib 't/lib';
use StockVerify::Test;
use Cpanel::JSON::XS ();
use List::Util 'shuffle';
use StockVerify::Counter;
use StockVerify::Ledger;
use StockVerify::Raw;
use StockVerify::Truth;

my ($RACKS, $ITEMS, $BATCH) = (3, 60, 25);
my $seed = $ENV{STOCKVERIFY_TEST_SEED} // time;
srand $seed;
note "STOCKVERIFY_TEST_SEED=$seed";

my $stack = start_stack(settings => { SYNC_BATCH_SIZE => $BATCH, WORKER_TOTALS_INTERVAL => 50 });
my $boss = $stack->login('supervisor');
my $warehouse = ($stack->demo('racks'))[0]{warehouse};
my @plain_items = map { $_->{item_code} } grep { $_->{serial_tracked} eq 'false' } $stack->demo('items');
my @tracked = map { $_->{item_code} } grep { $_->{serial_tracked} eq 'true' } $stack->demo('items');
my $json = Cpanel::JSON::XS->new->canonical;

my @racks = map { $stack->rack } 1 .. $RACKS;
my @staff = map { $stack->login('staff') } @racks;

# A count of the racks, each claimed by one person.
sub begin_shift {
    my ($name) = @_;
    my $answer = $boss->post('/api/sessions', { warehouse => $warehouse, racks => \@racks, name => $name });
    is $answer->status, 201, "a count for the $name shift" or BAIL_OUT($answer->text);
    my $count_id = $answer->data->{session_id};
    wait_until { $stack->mongo->find_one(sessions => { session_id => $count_id })->{book_state} eq 'frozen' } 60, 'its book';
    my $ledger = StockVerify::Ledger->new;
    my @people = map {
        my $person = StockVerify::Counter->new(stack => $stack, client => $staff[$_], ledger => $ledger, batch => $BATCH);
        { counter => $person, session => $person->claim($racks[$_], count_id => $count_id) }
    } 0 .. $#racks;
    return { name => $name, count_id => $count_id, ledger => $ledger, people => \@people };
}

# Releases the racks and closes the count.
sub end_shift {
    my ($shift) = @_;
    $_->{counter}->change(release => $_->{session}) for @{ $shift->{people} };
    $boss->post("/api/sessions/bulk/$_", { session_ids => [$shift->{count_id}] }) for qw(reconcile close);
    is $stack->mongo->find_one(sessions => { session_id => $shift->{count_id} })->{status}, 'CLOSED', "the $shift->{name} shift is over";
    return;
}

# What everybody counts: figures and their edits, damage, partial figures, serial numbers, withdrawals. The same figures
# in each shift.
sub fill {
    my ($shift) = @_;
    for my $number (0 .. $RACKS - 1) {
        my ($person, $session) = @{ $shift->{people}[$number] }{qw(counter session)};
        my @first = map { $person->count($session, $plain_items[$_ + 7 * $number], verified => 1_000_000 * $_ + 250_000,
                damage => 1_000_001 * ($_ % 3 ? 0 : 1), lost => $_ % 7 ? 0 : 2_000_000) } 2 .. $ITEMS;
        $person->count($session, $plain_items[100], verified => 500_000 * $_, partial => 1) for 1 .. 4;
        my @serial = map { my $item = $_; $person->count($session, $tracked[$item], verified => 2_000_000,
                serials => [map { "$shift->{name}-$number-$item-$_" } 1, 2]) } 0 .. 9;
        $person->edit($first[$_], verified => 9_000_000 + $_, damage => 0) for 3, 10, 17, 40;
        $person->edit($first[$_], void => 1) for 5, 20;
        $person->edit($serial[2], serials => ["$shift->{name}-$number-2-1", "$shift->{name}-$number-2-3"]);
        $person->edit($serial[4], void => 1, serials => []);
    }
    return;
}

# The same records in batches, which are not sent yet.
sub batches {
    my ($shift) = @_;
    my @batches;
    for my $person (map { $_->{counter} } @{ $shift->{people} }) {
        while (@{ $person->{queue} }) { push @batches, [$person, $person->next_batch] }
    }
    return @batches;
}

sub lose {
    my ($person, $records) = @{ $_[0] };
    my $raw = StockVerify::Raw->new($stack);
    my $body = $person->client->build(@{ $person->batch_request($records) }[1 .. 4])->req->body;
    $raw->send($raw->request($person->client, POST => '/api/sync/batch', $body));
    return $raw;
}

my $straight = begin_shift('straight');
fill($straight);
StockVerify::Counter::sync_all(map { $_->{counter} } @{ $straight->{people} });
is_deeply [map { ($_->{counter}->conflicts, $_->{counter}->errors) } @{ $straight->{people} }], [], 'the straight shift is stored';
totals_stand($stack, $straight->{ledger}, $straight->{count_id});
end_shift($straight);

my $lossy = begin_shift('lossy');
fill($lossy);
my @batches = batches($lossy);
my %newest;
for my $record (map { @{ $_->[1] } } @batches) {
    $newest{ $record->{id} } = $record if !$newest{ $record->{id} } || $newest{ $record->{id} }{revision} < $record->{revision};
}
# In order, then out of it; some go as soon as they are sent, others when the next is already there.
lose($_)->abort for @batches;
my @open;
for my $batch (shuffle @batches, @batches) {
    push @open, lose($batch);
    (splice @open, rand @open, 1)->abort if @open > 6;
}
$_->abort for @open;
# Twice at once, with half of each pair's answers lost.
for my $batch (shuffle @batches) {
    my ($person, $records) = @$batch;
    my $raw = lose($batch);
    my ($answer) = $stack->parallel($person->batch_request($records));
    $raw->abort;
    is $answer->status, 200, 'sent twice at once' or diag $answer->text;
}
wait_until { my $figures = $boss->get('/metrics/json')->json;
    !grep { $_ } map { ref $_ ? values %$_ : $_ } @{$figures}{grep { /thread.*(?:queued|running)/ } keys %$figures} } 60, 'all that was sent to be worked on';

# The client's last try reads its answers: what it has is stored, what it replaced itself is a stale edit.
my @wrong;
for my $batch (@batches) {
    my ($person, $records) = @$batch;
    my ($client, @request) = @{ $person->batch_request($records) };
    my $data = $client->request(@request)->data;
    my %verdict = ((map { ($_ => 'ok') } @{ $data->{ok} }), map { ($_->{client_record_id} => $_->{type} // $_->{code}) } @{ $data->{conflicts} }, @{ $data->{errors} });
    for my $record (@$records) {
        my $expected = $newest{ $record->{id} } == $record ? 'ok' : 'stale_update';
        push @wrong, "$record->{id} revision $record->{revision}: $verdict{ $record->{id} }" if $verdict{ $record->{id} } ne $expected;
    }
}
is_deeply \@wrong, [], 'the last try is told what stands';
$lossy->{ledger}->tell($_) for values %newest;
totals_stand($stack, $lossy->{ledger}, $lossy->{count_id});

# Both shifts without what must differ: ids, fences and times.
sub without { my ($document, @members) = @_; my %rest = %$document; delete @rest{@members}; return \%rest }
sub named   { my ($shift, $text) = @_; return $text =~ s/^\Q$shift->{name}\E-//r }

sub records_of {
    my ($shift) = @_;
    return sort map {
        my $record = plain($_);
        $record->{serial_numbers} = [map { named($shift, $_) } @{ $record->{serial_numbers} || [] }];
        $json->encode(without($record, qw(_id client_record_id session_id count_id fence batch_id seq counted_at received_at changed_at content_hash)));
    } $stack->mongo->find(verification_records => { count_id => $shift->{count_id} });
}

sub serials_of {
    my ($shift) = @_;
    return sort map {
        join ' ', named($shift, $_->{serial_number}), $_->{item_code}, $_->{current}{rack_id}
    } grep { $_->{current} } $stack->mongo->find(item_serials => { serial_number => { '$regex' => "^$shift->{name}-" } });
}

sub book_of {
    my ($shift) = @_;
    return sort map {
        my $line = plain($_);
        # An old edit that came again is an open conflict, which the shift without losses has not.
        # What serial numbers say is said beside where they were found before, which is the other shift for one of the two.
        $line->{counted} = { %{ without($line->{counted}, qw(at last_user_id first_counted_at last_counted_at)) },
            flags => [grep { $_ ne 'serial_swapped' } @{ $line->{counted}{flags} || [] }] } if $line->{counted};
        $line->{counted_by} = scalar @{ $line->{counted_by} || [] };    # each shift has people of its own
        $json->encode(without($line, qw(_id session_id frozen_at derivations version counted_at told undecided flags conflicts)));
    } $stack->mongo->find(session_book => { session_id => $shift->{count_id} });
}

my @records = records_of($lossy);
is scalar @records, scalar keys %newest, 'every record stands once';
is_deeply \@records, [records_of($straight)], 'the same records';
is_deeply [serials_of($lossy)], [serials_of($straight)], 'the same serial numbers';
is_deeply [book_of($lossy)], [book_of($straight)], 'the same book and totals';
racks_stand($stack);
audit_stands($stack);
done_testing;

#!/usr/bin/perl
# The main job: twenty people count racks on three floors, 10,000 records, with all that happens on a floor. In the
# end the totals in MongoDB are what their phones were told, to the last unit.
#
# STOCKVERIFY_PRODUCTS names a CSV file (plain or .gz) with the columns barcode and item_name, to count real products
# instead of the demo's.
use lib 't/lib';
use StockVerify::Test;
use StockVerify::Counter;
use StockVerify::Ledger;
use StockVerify::Quantity qw(millionths);
use StockVerify::Truth;

my ($PEOPLE, $RECORDS) = (20, 10_000);
my $PER_RACK = $RECORDS / $PEOPLE / 2;

my $stack = start_stack(settings => {
    RACK_LOCK_TTL => 4, RACK_HOLD_MARGIN => 1, SESSION_GRACE => 2, RACK_PAUSE_TTL => 600, HEARTBEAT_INTERVAL => 1,
    WORKER_WRITE_BEHIND_INTERVAL => 200, WORKER_REAPER_INTERVAL => 200, WORKER_TOTALS_INTERVAL => 100, WORKER_AUDIT_INTERVAL => 200,
    SYNC_RATE_LIMIT => 0, MONGODB_TIMEOUT => 30_000,
});
my $ledger = StockVerify::Ledger->new;
my $supervisor = $stack->login('supervisor');
my $warehouse = ($stack->demo('racks'))[0]{warehouse};
my @floors = do { my %seen; grep { !$seen{$_}++ } map { $_->{floor} } grep { $_->{warehouse} eq $warehouse } $stack->demo('racks') };

# ---- the items
my @items = $ENV{STOCKVERIFY_PRODUCTS} ? products($ENV{STOCKVERIFY_PRODUCTS}) : demo_items();
my %is_serial = map { ($_->{item_code} => 1) } grep { $_->{serial_tracked} eq 'true' } @items;
cmp_ok scalar @items, '>=', $PER_RACK, scalar(@items) . ' items';
cmp_ok scalar keys %is_serial, '>', 0, 'some are tracked by serial numbers';

sub demo_items { return map { { item_code => $_->{item_code}, serial_tracked => $_->{serial_tracked} } } $stack->demo('items') }

# Imports a file of products as an operator would, then books for two thousand spread over all of it.
sub products {
    my ($file) = @_;
    open my $in, '-|:encoding(UTF-8)', $file =~ /\.gz$/ ? ('gzip', '-dc', $file) : ('cat', $file) or die "$file: $!\n";
    my $text = do { local $/; <$in> };
    my ($output, $exit) = $stack->ctl([qw(items import -), '--warehouse', $warehouse], $text);
    my ($rows, $created, $bad) = $output =~ /^(\d+) rows: (\d+) created, .*?(\d+) refused$/m or BAIL_OUT($output);
    is $created + $bad, $rows, "the products are imported, $bad of $rows refused";
    is scalar(() = $output =~ /^line \d+: /mg), $bad, 'and each that is refused is named';
    # Real lists have names with control characters.
    my (undef, @lines) = grep { !/[[:cntrl:]]/ } split /\r?\n/, $text;
    my $step = @lines > 2000 ? int(@lines / 2000) : 1;
    my @chosen = grep { defined && /^[^,"]+,./ } @lines[map { $_ * $step } 0 .. 1999];
    my @rows = map { { line => $chosen[$_], item_code => $chosen[$_] =~ s/,.*//r, serial_tracked => $_ % 10 == 9 ? 'true' : 'false' } } 0 .. $#chosen;
    ($output, $exit) = $stack->ctl([qw(items import -), '--warehouse', $warehouse], join '', "barcode,item_name,stock_qty,unit_cost,serial_tracked\n",
        map { sprintf "%s,%d.%03d,%d.25,%s\n", $rows[$_]{line}, $_ % 400, $_ % 1000, 1 + $_ % 90, $rows[$_]{serial_tracked} } 0 .. $#rows);
    is $exit, 0, 'and books for those that are counted' or BAIL_OUT($output);
    return @rows;
}

# ---- the count and the people
my $opened = $supervisor->post('/api/sessions', { warehouse => $warehouse, name => 'Year-end' });
is $opened->status, 201, 'a supervisor opens a count' or BAIL_OUT($opened->text);
my $count_id = $opened->data->{session_id};
wait_until { $stack->mongo->find_one(sessions => { session_id => $count_id })->{book_state} eq 'frozen' } 600, 'the books to be frozen';

# A heartbeat goes before every batch; every ninth answer gets lost on the way.
my @people = map {
    StockVerify::Counter->new(stack => $stack, client => $stack->login('staff'), ledger => $ledger, lose_answers => 9,
        before_batch => sub { my ($self) = @_; my (undef, @beat) = @{ $self->heartbeat_request($self->{session}) }; $self->client->request_p(@beat) })
} 1 .. $PEOPLE;
my @racks = map { $stack->rack(floor => $floors[$_ % 3]) } 0 .. 2 * $PEOPLE - 1;
is scalar @floors, 3, 'there are three floors';

sub claim_all {
    my (@racks) = @_;
    my @answers = $stack->parallel(map { [$people[$_]->client, POST => "/api/racks/$racks[$_]/claim", json => {}] } 0 .. $#racks);
    is_deeply [map { $_->status } @answers], [(200) x @racks], 'everybody claims a rack' or BAIL_OUT(join "\n", map { $_->text } @answers);
    is_deeply [grep { $_->data->{count_id} ne $count_id } @answers], [], 'in the count that is open';
    return map { $people[$_]->take_claim($answers[$_]) } 0 .. $#answers;
}

# Figures of a rack: sound pieces, some damaged, some beyond return, serial numbers where the item has them.
my %records_of;
sub fill_rack {
    my ($person, $session, $first) = @_;
    my @records;
    for my $number (0 .. $PER_RACK - 1) {
        my $code = $items[($first + $number) % @items]{item_code};
        my %figure = $is_serial{$code} ? (verified => 2_000_000, serials => [map { "SN-$session->{rack_id}-$code-$_" } 1, 2])
            : (verified => (3 + $number % 40) * 1_000_000 + ($number * 7919) % 1_000_000);
        $figure{damage} = 1_000_000 + $number if $number % 7 == 3 && !$is_serial{$code};
        $figure{lost} = 500_001 if $number % 11 == 5;
        $figure{more} = { condition => 'damaged', damage_reason => 'crushed' } if $figure{damage};
        push @records, $person->count($session, $code, %figure);
    }
    $records_of{ $session->{session_id} } = \@records;
    return;
}

# Every sixth figure is corrected, every fiftieth withdrawn and counted anew under another id.
sub correct_rack {
    my ($person, $session) = @_;
    my $records = $records_of{ $session->{session_id} };
    for my $number (0 .. $#$records) {
        my $record = $records->[$number];
        if ($number % 50 == 20) {
            $person->edit($record, void => 1);
            $records->[$number] = $person->count($session, $record->{item}, %{$record}{qw(verified damage serials)}, lost => 0);
        } elsif ($number % 6 == 1) {
            $records->[$number] = $person->edit($record, verified => $record->{verified} + 250_000, damage => 0, more => {});
        }
    }
    return;
}

sub beat_all {
    my (@pairs) = @_;
    my @answers = $stack->parallel(map { $_->[0]->heartbeat_request($_->[1]) } @pairs);
    return grep { $_->status != 200 && $_->status != 503 } @answers;
}

sub no_conflicts {
    my ($what) = @_;
    my @met = map { map { "$_->{type} of $_->{client_record_id}" } $_->forget_conflicts } @people;
    my @errors = map { map { "$_->{code} of $_->{client_record_id}: $_->{message}" } $_->errors } @people;
    return is_deeply [@met, @errors], [], $what;
}

# ---- the first twenty racks: count, correct, send again
my @first = claim_all(@racks[0 .. $PEOPLE - 1]);
is_deeply [map { $_->{fence} } @first], [(1) x $PEOPLE], 'each for the first time';
is_deeply [beat_all(map { [$people[$_], $first[$_]] } 0 .. $#first)], [], 'everybody sends heartbeats';
fill_rack($people[$_], $first[$_], $_ * 90) for 0 .. $#people;
StockVerify::Counter::sync_all(@people);
no_conflicts('every figure is taken');
correct_rack($people[$_], $first[$_]) for 0 .. $#people;
StockVerify::Counter::sync_all(@people);
no_conflicts('and so is every correction');
cmp_ok scalar(map { $_->lost } @people), '>', 0, 'answers got lost';

for my $number (0 .. $#people) {
    my @present = @{ $records_of{ $first[$number]{session_id} } }[reverse 30 .. 79];
    my $answer = $people[$number]->replay([@present, @present[0 .. 9]]);
    is_deeply [sort { $a cmp $b } @{ $answer->data->{ok} }], [sort map { $_->{id} } @present, @present[0 .. 9]],
        'what was sent before is told to be stored, in any order and twice' or diag $answer->text;
}

# ---- a break: the rack is kept, and counting goes on
my ($resting, $silent, $offline, $rival) = @people[0 .. 3];
is $resting->change(pause => $first[0])->status, 200, 'somebody takes a break';

# ---- two fall silent, the others go on: one's rack goes to somebody else, one comes back after the grace period
my @others = map { [$people[$_], $first[$_]] } 3 .. $#people;
my ($claim, @refused);
wait_until {
    push @refused, beat_all(@others);
    $claim = $rival->client->post("/api/racks/$first[1]{rack_id}/claim", {});
    $claim->status == 200;
} 60, 'a silent rack to be free';
my $taken = $claim->data;
is $taken->{fence}, 2, 'a silent holder loses the rack';
is $silent->heartbeat($first[1])->code, 'lock_lost', 'and is told so';
wait_until {
    push @refused, beat_all(@others, [$rival, $taken]);
    $stack->mongo->find_one(verification_sessions => { session_id => $first[2]{session_id} })->{status} eq 'interrupted';
} 60, 'the grace period to end';
is_deeply [map { $_->text } @refused], [], 'everybody else goes on meanwhile';

$offline->{session} = $first[2];
my @late = map { $offline->edit($records_of{ $first[2]{session_id} }[$_], verified => 77_000_000 + $_) } 100 .. 119;
$offline->sync;
no_conflicts('what was counted off line is taken after the grace period');
is $stack->mongo->find_one(verification_sessions => { session_id => $first[2]{session_id} })->{status}, 'active',
    'and brings the session back';
is $offline->heartbeat($first[2])->status, 200, 'with its rack';

is $rival->client->post("/api/racks/$first[0]{rack_id}/claim", {})->code, 'rack_locked', 'a rack in a break is kept all the while';
is $resting->heartbeat($first[0])->code, 'session_paused', 'its heartbeats are refused';
is $resting->change(resume => $first[0])->status, 200, 'until it is resumed';
is $resting->heartbeat($first[0])->status, 200, 'then it goes on';

# ---- conflicts: of who lost the rack, of a figure there is already, of a serial number, of a late edit
$silent->{session} = $first[1];
my $old = $records_of{ $first[1]{session_id} };
my @lost = map { $silent->edit($old->[$_], verified => 3_333_333) } 2, 3, 4;
$silent->sync;
my @conflicts = $silent->forget_conflicts;
is_deeply [map { $_->{type} } @conflicts], [('lock_lost') x 3], 'who lost the rack meets conflicts';
is $silent->resolve($conflicts[0], 'keep_mine')->code, 'lock_lost', 'and cannot decide for their own figure';
is $silent->resolve($conflicts[0], 'keep_mine', as => $supervisor)->status, 200, 'a supervisor can';
is $silent->resolve($conflicts[1], 'keep_server')->status, 200, 'they can drop it';
is $silent->resolve($conflicts[2], 'keep_server', as => $supervisor)->status, 200, 'and so can a supervisor';

my $person = $people[5];
my ($session, $records) = ($first[5], $records_of{ $first[5]{session_id} });
my ($plain) = grep { !@{ $_->{serials} } && !$_->{void} } @{$records}[60 .. 70];
my ($other) = grep { !@{ $_->{serials} } && !$_->{void} && $_ != $plain } @{$records}[71 .. 79];
$person->count($session, $plain->{item}, verified => 4_000_004);
$person->count($session, $other->{item}, verified => 5_000_005, damage => 1);
$person->sync;
@conflicts = $person->forget_conflicts;
is_deeply [map { $_->{type} } @conflicts], [('duplicate_count') x 2], 'a second figure is a conflict';
is $person->resolve($conflicts[0], 'merge')->status, 200, 'which is merged';
is $person->resolve($conflicts[1], 'keep_mine')->status, 200, 'or taken instead';

my ($with_serials) = grep { @{ $_->{serials} } && !$_->{void} } @{$records};
my $thief = $people[6];
my ($same) = grep { @{ $_->{serials} } && !$_->{void} } @{ $records_of{ $first[6]{session_id} } };
$thief->edit($same, verified => 3_000_000, serials => [@{ $same->{serials} }, $with_serials->{serials}[0]]);
$thief->sync;
@conflicts = $thief->forget_conflicts;
is_deeply [map { $_->{type} } @conflicts], ['duplicate_serial'], 'a serial number that stands elsewhere is a conflict';
is $conflicts[0]{holder}{user_id}, $person->user_id, 'which says who';
like $conflicts[0]{message}, qr/\Q$session->{rack_id}\E/, 'and where';
is $thief->resolve($conflicts[0], 'keep_mine')->status, 200, 'it moves when somebody decides so';

my $stale = { %$plain, revision => 0, verified => 1 };
push @{ $person->{queue} }, $stale;
$person->sync;
is_deeply [map { $_->{type} } $person->conflicts], ['stale_update'], 'an older version is a conflict';
is $person->resolve(($person->forget_conflicts)[0], 'keep_server')->status, 200, 'and the newer one is kept';

# ---- the rack that was taken is counted by its new holder, in part
$rival->{session} = $taken;
for my $record (grep { !$_->{void} } @{$old}[10 .. 109]) {
    $rival->count($taken, $record->{item}, verified => $record->{verified} + 1_000_000, serials => $record->{serials}, more => { replaces => [$record->{id}] });
}
$rival->sync;
no_conflicts('the next holder counts the rack, serial numbers and all');

# ---- done: everybody completes, and takes the second rack
$rival->{session} = $first[3];
my @done = ((map { [$people[$_], $first[$_]] } grep { $_ != 1 } 0 .. $#people), [$rival, $taken]);
for (@done) {
    my ($person, $session) = @$_;
    my $answer = $person->complete($session);
    is $answer->status, 200, "rack $session->{rack_id} is completed" or diag $answer->text;
    is_deeply $person->complete($session)->data, $answer->data, 'a second time too';
}
my @second = claim_all(@racks[$PEOPLE .. 2 * $PEOPLE - 1]);
fill_rack($people[$_], $second[$_], 900 + $_ * 110) for 0 .. $#people;
StockVerify::Counter::sync_all(@people);
correct_rack($people[$_], $second[$_]) for 0 .. $#people;
StockVerify::Counter::sync_all(@people);
no_conflicts('the second twenty racks are counted');

# ---- a recount by somebody else, of all but a few
my $recounted = $first[7];
is $people[8]->client->post("/api/racks/$recounted->{rack_id}/claim", {})->code, 'rack_completed', 'a completed rack is not counted again unasked';
my $recount = $people[8]->claim($recounted->{rack_id}, recount => \1);
for my $record (grep { !$_->{void} } @{ $records_of{ $recounted->{session_id} } }[0 .. 199]) {
    $people[8]->count($recount, $record->{item}, verified => $record->{verified} + 2_000_001, serials => $record->{serials});
}
$people[8]->sync;
no_conflicts('a rack is recounted');
is $people[8]->complete($recount)->status, 200, 'and completed again';
is_deeply [grep { $_ != 200 } map { $people[$_]->complete($second[$_])->status } 0 .. $#people], [], 'all is completed';

# ---- what MongoDB holds is what was told
cmp_ok scalar($ledger->told), '>=', $RECORDS, scalar($ledger->told) . ' records were told to be stored';
is $stack->mongo->count('verification_records'), scalar($ledger->told), 'so many there are';
totals_stand($stack, $ledger, $count_id);
records_stand($stack, $ledger);
racks_stand($stack, decided => [map { $_->{client_record_id} } $stack->mongo->find(sync_conflicts => { resolution => 'keep_mine' })]);
audit_stands($stack);

# The API shows the same.
my $totals = $ledger->totals($count_id);
my ($count) = grep { $_->{session_id} eq $count_id } @{ $supervisor->get('/api/sessions', query => { status => 'OPEN' })->data->{items} };
is $count->{total_items}, scalar keys %$totals, 'the count has its number of items';
is_deeply [map { [$_->{uom}, millionths($_->{variance})] } @{ $count->{variances} }],
    [map { [$_->{uom}, millionths($_->{variance})] } @{ plain($stack->mongo->find_one(sessions => { session_id => $count_id }))->{variances} }],
    'and its variances';
done_testing;

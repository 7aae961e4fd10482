#!/usr/bin/perl
# Workers at their duties: two at once, one killed, one stopped in mid-round; totals, books, holds, reaping, sealing.
use lib 't/lib';
use StockVerify::Test;
use StockVerify::Process qw(spawn is_alive);

my $stack = start_stack(settings => {
    HEARTBEAT_INTERVAL => 1, RACK_LOCK_TTL => 3, RACK_HOLD_MARGIN => 1, SESSION_GRACE => 2, RACK_PAUSE_TTL => 600,
    WORKER_WRITE_BEHIND_INTERVAL => 100, WORKER_TOTALS_INTERVAL => 50, WORKER_AUDIT_INTERVAL => 100,
    WORKER_REAPER_INTERVAL => 200,
});
my $mongo = $stack->mongo;
my $second;

# A second worker of the same stack, as on another host.
sub start_second {
    my $inner = $stack->{stack};
    $second = spawn($inner->state->{commands}{worker}, $stack->state->{logs}{worker},
        directory => $stack->{directory}, env => $inner->environment('worker'));
}
sub signal_second { my ($signal) = @_; return kill $signal => $second->{pid} }
sub end_second { signal_second('KILL') if $second && is_alive($second); waitpid $second->{pid}, 0 if $second; $second = undef }
END { local $?; end_second() }
start_second();

my $role = sub { return ($mongo->find_one('worker_roles', { role => $_[0] }) || {})->{holder} // '' };
wait_until { $role->('totals') } 10, 'a worker to take a role';

# Six people count two items each rack round; the answers say what they were told is stored.
my @staff = map { $stack->login('staff') } 1 .. 6;
my @items = map { $_->{item_code} } grep { !$_->{serial_tracked} || $_->{serial_tracked} eq 'false' } $stack->demo('items');
my (@sessions, %told, $count_id);
for my $person (@staff) {
    my $answer = $person->post('/api/racks/' . $stack->rack . '/claim', {});
    is $answer->status, 200, 'a rack is claimed' or diag $answer->text;
    push @sessions, $answer->data->{session_id};
    $count_id //= $answer->data->{count_id};
}

my $next = 0;
sub sync_batch {
    my ($round, $number) = @_;
    my @records = map {
        { client_record_id => "w-$number-" . $next++, session_id => $sessions[$number], item_code => $items[$round * 10 + $_],
          verified_qty => $_ + 0.25, damage_qty => 0, status => 'finalized',
          created_at => '2026-01-05T08:00:00Z', updated_at => '2026-01-05T08:00:00Z' }
    } 0 .. 9;
    my $answer = $staff[$number]->post('/api/sync/batch', { records => \@records });
    return diag $answer->text unless $answer->status == 200;
    my %ok = map { ($_ => 1) } @{ $answer->data->{ok} };
    $told{ $_->{item_code} } += $_->{verified_qty} for grep { $ok{ $_->{client_record_id} } } @records;
    return scalar keys %ok;
}

my %mishap = (
    3 => sub { signal_second('KILL'); waitpid $second->{pid}, 0; start_second() },
    6 => sub { $stack->pause_part('worker') },
    9 => sub { $stack->cont_part('worker') },
    12 => sub { $stack->kill_part('worker'); $stack->start_part('worker') },
);
my $stored = 0;
for my $round (0 .. 14) {
    $mishap{$round}->() if $mishap{$round};
    $stored += sync_batch($round, $_) for 0 .. $#staff;
    $_->post('/api/sessions/' . $sessions[0] . '/heartbeat', {}) for $staff[0];
}
is $stored, 15 * 6 * 10, 'every record was stored';
wait_until { !$mongo->count('touched_items') } 30, 'the totals to be derived';

my %counted = map { ($_->{item_code} => plain($_)) } $mongo->find('session_book', { session_id => $count_id, counted => { '$exists' => \1 } });
is_deeply [sort keys %counted], [sort keys %told], 'every item that was counted has totals, and no other';
my @wrong = grep { $counted{$_}{counted}{verified_qty} != $told{$_} || $counted{$_}{counted}{records} != 6 } keys %told;
is_deeply \@wrong, [], 'they are what the clients were told, though workers were killed and stopped';
my %shown = map { ($_->{item_code} => plain($_)) } $mongo->find('erp_items', { overlay_count_id => $count_id });
is_deeply { map { ($_ => 0 + $shown{$_}{verified_qty}) } keys %shown }, \%told, 'the items show them';
my $count = plain($mongo->find_one('sessions', { session_id => $count_id }));
is $count->{total_items}, scalar keys %told, 'the count has its number of items';
is $count->{book_items}, $mongo->count('session_book', { session_id => $count_id }), 'and of the lines of its book';
is $count->{damaged_items}, scalar(grep { $_->{counted}{damage_qty} > 0 || $_->{counted}{non_returnable_damaged_qty} > 0 } values %counted),
    'and of those with damage';
is scalar @{ $count->{staff_user} }, 6, 'and who counted';
my %variance;
$variance{ $_->{uom} } += $_->{counted}{variance} for grep { defined $_->{counted}{variance} } values %counted;
is_deeply { map { ($_->{uom} => 0 + $_->{variance}) } @{ $count->{variances} } }, \%variance, 'its variances are the sums of theirs, a unit each';
is $count->{total_variance}, keys %variance > 1 ? undef : (values %variance)[0] // 0, 'different units are not added';
my @frozen = grep { !exists $counted{$_}{system_qty} } keys %counted;
is_deeply \@frozen, [], 'every item that was touched has its book quantity';

# Holds follow heartbeats.
my $held = sub { return $mongo->find_one('rack_registry', { session_id => $sessions[0] })->{held_at}{'$date'} };
my $before = $held->();
wait_until { $staff[0]->post("/api/sessions/$sessions[0]/heartbeat", {}); $held->() ne $before } 20, 'a heartbeat to be written';
cmp_ok $held->(), 'gt', $before, 'a heartbeat renews the hold in MongoDB';

# The silent lose their racks, and late work brings them back.
my $status = sub { return $mongo->find_one('verification_sessions', { session_id => $_[0] })->{status} };
wait_until { $status->($sessions[1]) eq 'interrupted' } 30, 'a silent session to be interrupted';
my $rack = $mongo->find_one('rack_registry', { session_id => $sessions[1] });
is $rack->{status}, 'available', 'its rack is free';
is $rack->{user_id}, $staff[1]->{user_id}, 'and still names who had it last';
is sync_batch(15, 1), 10, 'late work is taken';
is $status->($sessions[1]), 'active', 'and brings the session back';

# The trail is sealed in one chain.
wait_until { !$mongo->count('activity_logs', { sealed => \0 }) } 20, 'the audit trail to be sealed';
my ($output, $exit) = $stack->ctl([qw(audit verify)]);
is $exit, 0, 'the audit chain is whole' or diag $output;
is $mongo->find_one('audit_chain', { _id => 'head' })->{seq}, $mongo->count('activity_logs', { sealed => \1 }), 'and has no gap';
$mongo->update('activity_logs', { seq => 2 }, { '$set' => { user_id => 'somebody else' } });
($output, $exit) = $stack->ctl([qw(audit verify)]);
is $exit, 1, 'a changed entry breaks it';
like $output, qr/entry 2: it was changed/, 'and is named';

# One ends as asked; the other takes its roles.
my $pid = $second->{pid};
signal_second('TERM');
wait_until { !is_alive($second) } 30, 'the second worker to end';
waitpid $pid, 0;
is scalar(grep { /"worker\.stopped".*:$pid:/ } $stack->log_lines('worker')), 1, 'SIGTERM ends a worker in order';
undef $second;
my $touched = plain($mongo->find_one('sessions', { session_id => $count_id }))->{total_items};
is sync_batch(16, 1), 10, 'work goes on';
wait_until { plain($mongo->find_one('sessions', { session_id => $count_id }))->{total_items} > $touched } 20,
    'the other worker to derive it';
pass 'the other worker goes on alone';

# A server that is away is waited for, not stumbled over.
SKIP: {
    skip 'Redis is not ours', 1 unless $stack->owns('redis');
    $stack->kill_part('redis');
    wait_until { grep { /duty\.failing.*write-behind/ } $stack->log_lines('worker') } 20, 'the worker to notice';
    $stack->start_part('redis');
    wait_until { grep { /duty\.recovered.*write-behind/ } $stack->log_lines('worker') } 30, 'the worker to recover';
    pass 'a worker outlives Redis';
}
done_testing;

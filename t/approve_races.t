#!/usr/bin/perl
# An approval beside everything that may come at the same moment: late records, a conflict's resolution, a recount that is
# asked for, the end of a standing count's period, somebody who closes the count. Whoever is first, there is one adjustment or
# none, it says what the count's records come to, and no record is lost.
use lib 't/lib';
use StockVerify::Test;
use StockVerify::Approval;

my $stack = start_stack(erp => 1, settings => { JOB_RETRY_DELAY => 50, SYNC_RATE_LIMIT => 0, WORKER_TOTALS_INTERVAL => 50 });
my $world = StockVerify::Approval->new($stack);
my ($boss, $admin, $mongo) = ($world->boss, $world->admin, $stack->mongo);
my ($BOOK, $next) = (10, 0);
$world->stock(map { (sprintf('RACE-%03d', $_) => $BOOK) } 1 .. 140);
sub item { return sprintf 'RACE-%03d', ++$next }

sub count_of { return $mongo->find_one('sessions', { session_id => $_[0] }) }
sub status { return count_of($_[0])->{status} }
sub job_of { my ($answer) = @_; return $answer->status == 202 ? $answer->data->{job_id} : undef }
sub ask { my ($count, $who) = @_; return [$who // $boss, POST => "/api/sessions/$count/approve", json => { note => 'Now' }] }

# What an approval came to: APPROVED, or the code it was refused with.
sub outcome {
    my ($count, $answer) = @_;
    my $job = job_of($answer) or return $answer->status == 201 ? 'APPROVED' : $answer->code;
    my $ended = $world->await_job($job);
    return $ended->{status} eq 'succeeded' ? 'APPROVED' : $ended->{error}{code};
}

# Every difference that the count's records make, and those of its adjustment.
sub differences {
    my ($count) = @_;
    my (%sum, %set);
    $sum{ $_->{item_code} } += plain($_->{verified_qty}) for $mongo->find('verification_records', { count_id => $count, counts => \1 });
    $set{ $_->{item_code} } += plain($_->{delta}) for $mongo->find('adjustment_lines', { adjustment_id => $count });
    return ({ map { $sum{$_} == $BOOK ? () : ($_ => $sum{$_} - $BOOK) } keys %sum }, \%set);
}

sub is_sound {
    my ($count, $what) = @_;
    wait_until { status($count) ne 'APPROVING' && !count_of($count)->{settling} } 60, "$what: the count to come to rest";
    my $status = status($count);
    is $mongo->count('adjustments', { count_id => $count }), $status eq 'APPROVED' ? 1 : 0, "$what: $status with one set or none";
    my ($records, $set) = differences($count);
    is_deeply $set, $status eq 'APPROVED' ? $records : {}, "$what: it says what the records come to";
    return $status;
}

# Decided and approved in the end, whatever barred it before.
sub approve_in_the_end {
    my ($count, $what) = @_;
    for (1 .. 5) {
        $world->accept($count);
        last if outcome($count, $boss->post("/api/sessions/$count/approve", { note => 'In the end' })) eq 'APPROVED';
    }
    return is is_sound($count, "$what, in the end"), 'APPROVED', "$what: approved in the end";
}

sub ready {
    my (%quantity) = @_;
    my $count = $world->open_count;
    my $session = $world->count($count, 0, %quantity);
    $world->reconcile($count);
    $world->accept($count);
    return ($count, $session);
}

# Late records, one after another, from before an approval until behind it: {record => ok, or the conflict's type}.
sub send_until_ended {
    my ($session, $job, @quantities) = @_;
    my (%said, $behind);
    while (!$behind) {
        $behind = !$mongo->find_one('jobs', { job_id => $job })->{pending};
        my ($record) = $world->records($session, item() => $quantities[keys(%said) % @quantities]);
        my $data = $world->{people}[0]->post('/api/sync/batch', { records => [$record] })->data;
        $said{ $record->{client_record_id} } = @{ $data->{ok} } ? 'ok' : $data->{conflicts} && @{ $data->{conflicts} } ? $data->{conflicts}[0]{type} : 'error';
        last if keys %said == 30;
    }
    return %said;
}

# Asked for, and under way when something else comes, where it can be met there.
sub ask_and_meet {
    my ($count) = @_;
    my $answer = $boss->post("/api/sessions/$count/approve", { note => 'Now' });
    wait_until { status($count) =~ /^APPROV/ || !$mongo->find_one('jobs', { job_id => job_of($answer) })->{pending} } 60, 'the approval to begin' if job_of($answer);
    return $answer;
}

for my $late (['as the books say', $BOOK], ['otherwise', 8], ['in turn', $BOOK, 9]) {
    my ($what, @quantities) = @$late;
    subtest "late records, $what" => sub {
        my ($count, $session) = ready(item() => 7);
        my $job = job_of($boss->post("/api/sessions/$count/approve", { note => 'Now' }));
        my %said = send_until_ended($session, $job, @quantities);
        $world->await_job($job);
        is_deeply [grep { $_ ne 'ok' && $_ ne 'session_closed' } values %said], [], 'each lands, or comes behind the end';
        is_sound($count, $what);
        for my $id (sort keys %said) {
            my $kept = $said{$id} eq 'ok' ? $mongo->count('verification_records', { client_record_id => $id, counts => \1 }) : $mongo->count('sync_conflicts', { client_record_id => $id, status => 'open' });
            is $kept, 1, "$id ($said{$id}) is kept";
        }
        if (status($count) eq 'RECONCILE') {
            for my $conflict ($mongo->find('sync_conflicts', { count_id => $count, status => 'open' })) {
                is $admin->post("/api/sync/conflicts/$conflict->{conflict_id}/resolve", { action => 'keep_mine' })->status, 200, 'what came meanwhile is taken by a person';
            }
            # Who resolved it does not accept it, so that a person is not alone with a figure.
            ($world->{admin}, my $was) = ($boss, $admin);
            approve_in_the_end($count, $what);
            $world->{admin} = $was;
            is $mongo->count('verification_records', { client_record_id => { '$in' => [keys %said] }, count_id => $count, counts => \1 }), scalar keys %said, 'with every record';
        }
    };
}

subtest 'a conflict is resolved' => sub {
    for my $round (1 .. 3) {
        my $code = item();
        my $count = $world->open_count;
        my $session = $world->begin($count, 0, $code => 7);
        my ($twice) = $world->records($session, $code => 6);
        my $person = $world->{people}[0];
        my ($conflict) = @{ $person->post('/api/sync/batch', { records => [$twice] })->data->{conflicts} };
        is $conflict->{type}, 'duplicate_count', 'a figure that is there already';
        is $person->post("/api/sessions/$session/complete")->status, 200, 'completed';
        $world->reconcile($count);
        $world->settled($count);
        my ($resolved, $approved) = $stack->parallel([$admin, POST => "/api/sync/conflicts/$conflict->{conflict_id}/resolve", json => { action => 'keep_mine' }], ask($count));
        is $resolved->status, 200, "round $round: it is resolved" or diag $resolved->text;
        is outcome($count, $approved), 'undecided', 'and not approved before somebody saw what came of it';
        is is_sound($count, "round $round"), 'RECONCILE', 'the count waits';
        ($world->{admin}, my $was) = ($boss, $admin);
        approve_in_the_end($count, "round $round");
        $world->{admin} = $was;
        is_deeply +(differences($count))[1], { $code => -4 }, 'with what was decided';
        my ($after) = $world->records($session, item() => 3);
        my ($late) = @{ $person->post('/api/sync/batch', { records => [$after] })->data->{conflicts} };
        is $late->{type}, 'session_closed', 'what comes then is a conflict';
        my $answer = $admin->post("/api/sync/conflicts/$late->{conflict_id}/resolve", { action => 'keep_mine' });
        cmp_ok $answer->status, '>=', 400, 'that nobody brings into a count that is over' or diag $answer->text;
        is_sound($count, "round $round, behind it");
    }
};

subtest 'a recount is asked for' => sub {
    my %seen;
    for my $round (1 .. 5) {
        my $code = item();
        my ($count) = ready($code => 7);
        my $met = $round > 3 ? ask_and_meet($count) : undef;
        my ($asked, $approved) = $stack->parallel([$admin, POST => "/api/sessions/$count/recounts", json => { item_codes => [$code] }], $met ? () : ask($count));
        $approved //= $met;
        my $came = outcome($count, $approved);
        my $status = is_sound($count, "round $round");
        $seen{$status}++;
        if ($asked->status == 200) {
            is_deeply [$status, $came], ['RECONCILE', 'undecided'], "round $round: it was asked for first";
            my $open = $boss->get("/api/sessions/$count/recounts")->data->{recounts};
            is_deeply [map { $_->{state} } @$open], ['asked'], 'and is to be made';
            my $rack = $open->[0]{rack_id};
            my $again = $world->{people}[1]->post("/api/racks/$rack/claim", { recount => \1, count_id => $count });
            is $again->status, 200, 'which somebody does' or diag $again->text;
            my $session = $again->data->{session_id};
            is scalar @{ $world->{people}[1]->post('/api/sync/batch', { records => [$world->records($session, $code => 9)] })->data->{ok} }, 1, 'counted again';
            is $world->{people}[1]->post("/api/sessions/$session/complete")->status, 200, 'completed';
            approve_in_the_end($count, "round $round");
            is_deeply +(differences($count))[1], { $code => -1 }, 'what was counted last is approved';
        } else {
            is_deeply [$asked->code, $status], ['session_closed', 'APPROVED'], "round $round: the approval was first" or diag $asked->text;
            is $mongo->count('recounts', { count_id => $count }), 0, 'nothing is to be counted again';
        }
    }
    note join ' ', map { "$_: $seen{$_}" } sort keys %seen;
};

subtest 'two close, with reasons of their own, while one approves' => sub {
    for my $round (1 .. 5) {
        my ($count) = ready(item() => 9);
        my @close = map { my ($who, $reason) = @$_; [$who, POST => '/api/sessions/bulk/close', json => { session_ids => [$count], reason => $reason }] } [$boss, 'The first'], [$admin, 'The second'];
        my $met = $round > 3 ? ask_and_meet($count) : undef;
        my ($one, $two, $approved) = $stack->parallel(@close, $round == 1 || $met ? () : ask($count));
        $approved //= $met;
        my $came = $approved ? outcome($count, $approved) : '';
        my $status = is_sound($count, "round $round");
        my @entries = $mongo->find('activity_logs', { count_id => $count, action => 'count.close' });
        my @done = grep { $_->data->{results}[0]{success} } $one, $two;
        if ($status eq 'CLOSED') {
            is scalar @entries, 1, 'one closed it';
            like count_of($count)->{close_reason} // '', qr/^The (?:first|second)$/, 'for a reason';
            is scalar @done, 2, 'both are told that it is';
            isnt $came, 'APPROVED', 'and nobody that it was approved';
        } else {
            is_deeply [scalar @entries, scalar @done, $came], [0, 0, 'APPROVED'], 'nobody closes what is approved';
        }
    }
};

subtest "a standing count's period ends" => sub {
    my ($asha, $ben) = @{ $world->{people} }[0, 1];
    my $rack = $stack->rack;
    $mongo->run(update => 'warehouses', updates => [{ q => { warehouse => $world->warehouse }, u => { '$set' => { rack_books => \1 } }, upsert => \1 }]);
    my @codes = map { item() } 1 .. 3;
    $mongo->run(insert => 'rack_items', documents => [map { { rack_id => $rack, item_code => $_, warehouse => $world->warehouse, book_qty => { '$numberDecimal' => "$BOOK" }, updated_at => { '$date' => '2026-01-05T08:00:00Z' } } } @codes]);
    my $claim = $asha->post("/api/racks/$rack/claim", {})->data;
    my ($old, $session) = @$claim{qw(count_id session_id)};
    is scalar @{ $asha->post('/api/sync/batch', { records => [$world->records($session, $codes[0] => 7, $codes[1] => 10)] })->data->{ok} }, 2, 'counted';
    is $asha->post("/api/sessions/$session/complete")->status, 200, 'completed';
    is $boss->post("/api/sessions/$old/approve", { note => 'Early' })->code, 'conflict_state', 'while it is open it is not approved';
    # Deleted and inserted anew, because the development server frees a unique key by deletion only, and not while a worker
    # derives something of it.
    $world->settled($old);
    my $standing = count_of($old);
    delete $standing->{_id};
    $mongo->run(delete => 'sessions', deletes => [{ q => { session_id => $old }, limit => 1 }]);
    $mongo->run(insert => 'sessions', documents => [{ %$standing, period => '2000-01', ends_at => { '$date' => '2000-02-01T00:00:00Z' } }]);
    my ($late) = $world->records($session, $codes[2] => 9);
    my ($moved, $approved, $sent) = $stack->parallel([$ben, POST => '/api/racks/' . $stack->rack . '/claim', json => {}], ask($old), [$asha, POST => '/api/sync/batch', json => { records => [$late] }]);
    is $moved->status, 200, 'who claims counts on' or diag $moved->text;
    isnt $moved->data->{count_id}, $old, 'in the new period';
    is_deeply $sent->data->{ok}, [$late->{client_record_id}], 'late work of the old one lands';
    like outcome($old, $approved), qr/^(?:conflict_state|undecided)$/, 'and it is not approved unseen';
    wait_until { status($old) eq 'RECONCILE' } 30, 'it to be reviewed';
    is $mongo->find_one('verification_records', { client_record_id => $late->{client_record_id} })->{count_id}, $old, 'where it belongs';
    approve_in_the_end($old, 'the old period');
    is_deeply +(differences($old))[1], { $codes[0] => -3, $codes[2] => -1 }, 'with what came late';
    is status($moved->data->{count_id}), 'OPEN', 'the new one goes on';
};

$stack->finish;
done_testing;

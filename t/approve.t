#!/usr/bin/perl
# Approving a count: what bars it, one adjustment of it however many approve, late work beside it, limits, two counts of one
# item, a reversal, and a file for the ERP.
use lib 't/lib';
use StockVerify::Test;
use StockVerify::Approval;

my $stack = start_stack(erp => 1, settings => { APPROVAL_LIMIT_VALUE => 100, JOB_RETRY_DELAY => 200, SYNC_RATE_LIMIT => 0 });
my $world = StockVerify::Approval->new($stack);
my ($boss, $mongo) = ($world->boss, $stack->mongo);
$world->stock(map { ("ADJ-$_" => 10) } 1 .. 24);

sub lines { my ($data) = @_; return { map { ($_->{item_code} => $_) } @{ $data->{items} } } }
sub status { return $mongo->find_one('sessions', { session_id => $_[0] })->{status} }

subtest 'from a count to an adjustment' => sub {
    my $count = $world->open_count;
    is $world->approve($count)->code, 'conflict_state', 'an open count is reconciled first';
    $world->count($count, 0, 'ADJ-1' => 7, 'ADJ-2' => 10, 'ADJ-3' => 12.5);
    $world->reconcile($count);
    $world->settled($count);
    my $refused = $world->approve($count);
    is $refused->status, 422, 'refused while nobody accepted what differs';
    is $refused->code, 'undecided', 'as that';
    is_deeply [sort $refused->fields], ['ADJ-1', 'ADJ-3'], 'with the lines';
    is status($count), 'RECONCILE', 'it stays where it was';
    $world->accept($count);
    my $answer = $world->approve($count);
    is $answer->status, 201, 'approved' or diag $answer->text;
    is $answer->header('Location'), "/api/adjustments/$count", 'where';
    is status($count), 'APPROVED', 'and the count is over';
    my $told = $boss->post('/api/reports/query/preview', { collection => 'session_book', fields => [qw(item_code variance variance_value)],
        filters => [{ field => 'count_id', op => 'eq', value => $count }, { field => 'variance', op => 'ne', value => 0 }], sort => [{ field => 'item_code' }] });
    is_deeply [map { [@$_{qw(item_code variance variance_value)}] } grep { defined $_->{variance} } @{ $told->data->{items} }], [['ADJ-1', -3, -7.5], ['ADJ-3', 2.5, 6.25]],
        'a report tells the same in money' or diag $told->text;
    my $data = $world->adjustment($count);
    is_deeply [@$data{qw(kind status line_count uncompared seq note)}], ['approve', 'approved', 2, 0, 1, 'Year end'], 'the adjustment';
    my $lines = lines($data);
    is_deeply [map { $lines->{$_}{delta} } 'ADJ-1', 'ADJ-3'], [-3, 2.5], 'lines are differences';
    is_deeply [@{ $lines->{'ADJ-1'} }{qw(book counted unit_cost value gross_value)}], [10, 7, 2.5, -7.5, 7.5], 'and say where from';
    is_deeply $data->{sums}, [{ uom => 'PCS', lines => 2, net => -0.5, gross => 5.5, value => -1.25, gross_value => 13.75 }], 'sums';
    is_deeply $data->{posting}, { pending => 2, sent => 0, applied => 0, refused => 0, superseded => 0, withdrawn => 0 }, 'nothing is sent';
    is $world->approve($count)->status, 201, 'approving it again';
    is $mongo->count('adjustments', { count_id => $count }), 1, 'makes no other';
    is +(grep { $_->{adjustment_id} eq $count } @{ $boss->get('/api/adjustments', query => { warehouse => $world->warehouse })->data->{items} }), 1, 'it is listed';
    is $boss->post('/api/sessions/bulk/close', { session_ids => [$count] })->data->{results}[0]{code}, 'session_closed', 'it cannot be closed any more';
};

subtest 'what no book knows corrects nothing, and is told' => sub {
    my $rack = $stack->rack;
    my $count = $world->open_count(racks => [$rack]);
    my $counter = $world->{people}[0];
    my $session = $counter->post("/api/racks/$rack/claim", { count_id => $count })->data->{session_id};
    is $counter->post('/api/sync/batch', { records => [$world->records($session, 'ADJ-18' => 7, 'ADJ-19' => 0)] })->data->{total_records}, 2, 'two items of one rack';
    $counter->post("/api/sessions/$session/complete");
    $world->reconcile($count);
    $world->settled($count);
    is $world->approve($count)->status, 201, 'nothing bars the approval';
    is_deeply [@{ $world->adjustment($count) }{qw(line_count uncompared value)}], [0, 2, 0], 'which says that two lines had no book';
};

subtest 'late work and an approval' => sub {
    my $count = $world->open_count;
    my $session = $world->count($count, 0, 'ADJ-4' => 8);
    $world->reconcile($count);
    $world->accept($count);
    my ($late) = $world->records($session, 'ADJ-5' => 1);
    is_deeply $world->{people}[0]->post('/api/sync/batch', { records => [$late] })->data->{ok}, [$late->{client_record_id}], 'a late record lands';
    my $answer = $world->approve($count);
    is $answer->status == 422 ? $answer->code : ($answer->data->{error} || {})->{code}, 'undecided', 'and what it changed is decided first' or diag $answer->text;
    wait_until { status($count) eq 'RECONCILE' } 30, 'the count to be back';
    wait_until { !$mongo->count('verification_sessions', { count_id => $count, count_state => { '$ne' => 'RECONCILE' } }) } 30, 'its sessions, too';
    my ($later) = $world->records($session, 'ADJ-6' => 9);
    is_deeply $world->{people}[0]->post('/api/sync/batch', { records => [$later] })->data->{ok}, [$later->{client_record_id}], 'records still land';
    $world->accept($count);
    is $world->approve($count)->status, 201, 'approved';
    my ($last) = $world->records($session, 'ADJ-7' => 9);
    my $data = $world->{people}[0]->post('/api/sync/batch', { records => [$last] })->data;
    is $data->{conflicts}[0]{type}, 'session_closed', 'what comes after that is for a person';
    is_deeply [sort map { "$_->{item_code} $_->{delta}" } @{ $world->adjustment($count)->{items} }], ['ADJ-4 -2', 'ADJ-5 -9', 'ADJ-6 -1'], 'nothing is lost';
};

subtest 'what phones still have' => sub {
    my $count = $world->open_count;
    my ($phone, $session) = ($world->{people}[2], $world->begin($count, 2));
    my $send = sub { my ($left, %quantity) = @_; return $phone->post('/api/sync/batch', { left => $left, records => [$world->records($session, %quantity)] })->data->{ok} };
    my $unsent = sub { return $boss->get("/api/sessions/$count/review")->data->{unsent} };
    is scalar @{ $send->(2, 'ADJ-15' => 9) }, 1, 'some is sent';
    is $phone->post("/api/sessions/$session/complete")->status, 200, 'the rack is done';
    $world->reconcile($count);
    $world->accept($count);
    my ($told) = @{ $unsent->() };
    is_deeply [@$told{qw(user_id left)}, scalar @{ $told->{racks} }], [$phone->user_id, 2, 1], 'the review tells whose phone has how much' or diag explain $told;

    my $asked = $boss->post("/api/sessions/$count/approve", { note => 'Soon' });
    is $asked->status, 202, 'an approval is asked for' or diag $asked->text;
    my $job = $asked->data->{job_id};
    wait_until { my $is = $mongo->find_one('jobs', { job_id => $job }); !$is->{pending} || (($is->{progress} || {})->{stage} // '') eq 'unsent' } 30, 'it to wait for the phone';
    is scalar @{ $send->(0, 'ADJ-16' => 8, 'ADJ-17' => 10) }, 2, 'what the phone has lands meanwhile';
    is_deeply $unsent->(), [], 'it has no more';
    my $ended = $world->await_job($job);
    is_deeply [$ended->{status}, ($ended->{error} || {})->{code}], ['failed', 'undecided'], 'and what came is decided first';
    is status($count), 'RECONCILE', 'the count waits for that';
    $world->accept($count);

    $mongo->update('verification_sessions', { session_id => $session }, { '$set' => { left => 4, left_at => { '$date' => '2026-01-05T08:00:00Z' } } });
    is_deeply [map { $_->{left} } @{ $unsent->() }], [4], 'it had more when it was last heard of';
    is $world->approve($count)->status, 201, 'a phone that is silent is not waited for';
    my $other = $world->begin($world->open_count, 2, 'ADJ-20' => 10);
    is $phone->post('/api/sync/batch', { left => 0, records => [$world->records($other, 'ADJ-17' => 10)] })->status, 200, 'it is heard of again, in another count';
    is_deeply $unsent->(), [], 'has nothing left';
    my $data = $world->adjustment($count);
    is_deeply [map { [@$_{qw(user_id left)}] } @{ $data->{unsent} }], [[$phone->user_id, 4]], 'and the adjustment says what it had then';
    is_deeply [sort map { "$_->{item_code} $_->{delta}" } @{ $data->{items} }], ['ADJ-15 -1', 'ADJ-16 -2'], 'with what came late';
};

subtest 'two approve and one closes at once' => sub {
    my $other = $stack->login('admin');
    for my $round (1 .. 3) {
        my $count = $world->open_count;
        $world->count($count, 0, 'ADJ-8' => 9 - $round);
        $world->reconcile($count);
        $world->accept($count);
        my @answers = $stack->parallel((map { [$_, POST => "/api/sessions/$count/approve", json => { note => 'At once' }] } $boss, $other),
            [$other, POST => '/api/sessions/bulk/close', json => { session_ids => [$count] }]);
        wait_until { status($count) =~ /^(?:APPROVED|CLOSED)$/ && !$mongo->count('jobs', { type => 'count.approve', pending => \1 }) } 60, 'the end of it';
        my $approved = status($count) eq 'APPROVED' ? 1 : 0;
        is $mongo->count('adjustments', { count_id => $count }), $approved, "round $round: one or none (" . status($count) . ')';
        is $mongo->count('adjustment_lines', { adjustment_id => $count }), $approved, 'with its lines';
    }
};

subtest 'what is live, and who may' => sub {
    my $count = $world->open_count;
    my $session = $world->begin($count, 1);
    $world->reconcile($count);
    is $world->approve($count)->code, 'still_counting', 'somebody counts';
    is scalar @{ $world->{people}[1]->post('/api/sync/batch', { records => [$world->records($session, 'ADJ-9' => 10)] })->data->{ok} }, 1, 'and comes to the end';
    is $world->{people}[1]->post("/api/sessions/$session/complete")->status, 200, 'not any more';
    $world->settled($count);
    my $empty = $world->approve($count);
    is $empty->status, 201, 'nothing differs' or diag $empty->text;
    is_deeply [@{ $empty->data }{qw(line_count status)}], [0, 'posted'], 'an adjustment of nothing has nowhere to go';

    $count = $world->open_count;
    $world->count($count, 0, 'ADJ-10' => 100);
    $world->reconcile($count);
    $world->accept($count);
    my $answer = $world->approve($count);
    is $answer->status == 403 ? $answer->code : ($answer->data->{error} || {})->{code}, 'over_limit', 'more than a supervisor may' or diag $answer->text;
    wait_until { status($count) eq 'RECONCILE' } 30, 'it is back';
    is $world->admin->post("/api/sessions/$count/approve", { note => 'I may' }, headers => { Prefer => 'wait=30' })->status, 201, 'an admin may';
};

subtest 'what nobody knows the value of is past a limit' => sub {
    $mongo->update($_, { item_code => 'ADJ-18' }, { '$unset' => { unit_cost => '' } }) for qw(item_stock erp_items);
    my $count = $world->open_count;
    $world->count($count, 0, 'ADJ-18' => 9);
    $world->reconcile($count);
    $world->settled($count);
    my ($line) = grep { $_->{item_code} eq 'ADJ-18' } @{ $boss->get("/api/sessions/$count/review", query => { limit => 500 })->data->{items} };
    is_deeply [@$line{qw(variance unit_cost value)}], [-1, undef, undef], 'a variance of an item without a cost';
    my $answer = $boss->post("/api/sessions/$count/review/accept", { lines => [{ item_code => 'ADJ-18', lot => $line->{lot}, version => $line->{version} }] });
    is $answer->code, 'over_limit', 'a supervisor does not accept it' or diag $answer->text;
    $world->accept($count);
    my $approval = $world->approve($count);
    is +($approval->data->{error} || {})->{code}, 'over_limit', 'nor approves it' or diag $approval->text;
    wait_until { status($count) eq 'RECONCILE' } 30, 'it is back';
    is $world->admin->post("/api/sessions/$count/approve", { note => 'I may' }, headers => { Prefer => 'wait=30' })->status, 201, 'an admin may';
};

subtest 'what is known to cost nothing is worth nothing, and past no limit' => sub {
    $mongo->update($_, { item_code => 'ADJ-23' }, { '$set' => { unit_cost => { '$numberDecimal' => '0' } } }) for qw(item_stock erp_items);
    my $count = $world->open_count;
    $world->count($count, 0, 'ADJ-23' => 9, 'ADJ-24' => 9);
    $world->reconcile($count);
    $world->settled($count);
    # As a version before froze a cost that nobody told.
    $mongo->update('session_book', { session_id => $count, item_code => 'ADJ-24' }, { '$set' => { unit_cost => { '$numberDecimal' => '0' }, value => undef, gross_value => undef } });
    my %line = map { ($_->{item_code} => $_) } @{ $boss->get("/api/sessions/$count/review", query => { limit => 500 })->data->{items} };
    is_deeply [@{ $line{'ADJ-23'} }{qw(variance unit_cost value)}], [-1, 0, 0], 'a variance of an item that costs nothing';
    is_deeply [@{ $line{'ADJ-24'} }{qw(variance unit_cost value)}], [-1, undef, undef], 'and of one without a cost, of before';
    my $accept = sub { $boss->post("/api/sessions/$count/review/accept", { lines => [{ item_code => $_[0], lot => $line{ $_[0] }{lot}, version => $line{ $_[0] }{version} }] }) };
    is $accept->('ADJ-23')->data->{accepted}, 1, 'a supervisor accepts the one';
    is $accept->('ADJ-24')->code, 'over_limit', 'and not the other';
    my %told = map { ($_->{item_code} => $_) } @{ $boss->get('/api/erp/items/variances', query => { count_id => $count, limit => 500 })->data->{items} };
    is_deeply [map { @{ $told{$_} }{qw(unit_cost variance_value)} } 'ADJ-23', 'ADJ-24'], [0, 0, undef, undef], 'variances tell the same';
    $world->accept($count);
    is $world->admin->post("/api/sessions/$count/approve", { note => 'I may' }, headers => { Prefer => 'wait=30' })->status, 201, 'an admin approves both';
    my $lines = lines($world->adjustment($count));
    is_deeply [map { @{ $lines->{$_} }{qw(unit_cost value)} } 'ADJ-23', 'ADJ-24'], [0, 0, undef, undef], 'as the adjustment says';
};

subtest 'who asked and was demoted meanwhile' => sub {
    my $count = $world->open_count;
    $world->count($count, 0, 'ADJ-19' => 9);
    $world->reconcile($count);
    $world->accept($count);
    $stack->stop_part('worker');
    my $answer = $boss->post("/api/sessions/$count/approve", { note => 'Before' });
    is $answer->status, 202, 'asked for';
    $mongo->update('users', { user_id => $boss->user_id }, { '$set' => { role => 'staff' } });
    $stack->start_part('worker');
    my $job = $world->await_job($answer->data->{job_id});
    is_deeply [$job->{status}, $job->{error}{code}], ['failed', 'forbidden'], 'approves nothing';
    is status($count), 'RECONCILE', 'the count waits for who may';
    $mongo->update('users', { user_id => $boss->user_id }, { '$set' => { role => 'supervisor' } });
    is $world->approve($count)->status, 201, 'as it is again';
};

subtest 'a failed approval again is of who asks again' => sub {
    my $count = $world->open_count;
    my $session = $world->count($count, 0, 'ADJ-21' => 100);
    $world->reconcile($count);
    $world->accept($count);
    $stack->stop_part('worker');
    my $asked = $world->admin->post("/api/sessions/$count/approve", { note => 'I may' });
    is $asked->status, 202, 'an admin asks for it';
    my ($late) = $world->records($session, 'ADJ-22' => 4);
    is_deeply $world->{people}[0]->post('/api/sync/batch', { records => [$late] })->data->{ok}, [$late->{client_record_id}], 'a late record lands';
    $stack->start_part('worker');
    my $id = $asked->data->{job_id};
    is $world->await_job($id)->{error}{code}, 'undecided', 'so it fails';
    wait_until { status($count) eq 'RECONCILE' } 30, 'the count to be back';
    $world->accept($count);
    my $again = sub { my ($who) = @_; return $who->post("/api/jobs/$id/retry", undef, headers => { Prefer => 'wait=30' }) };
    my $answer = $again->($boss);
    is +($answer->data->{error} || {})->{code}, 'over_limit', "a supervisor's limit holds for an administrator's approval" or diag $answer->text;
    wait_until { status($count) eq 'RECONCILE' } 30, 'the count to be back';
    is $mongo->count('adjustments', { count_id => $count }), 0, 'nothing is approved';
    is $answer->data->{requested_by}, $boss->user_id, 'it is theirs now';
    is $again->($world->admin)->status, 201, 'and an administrator may, as it were theirs from the start';
    is_deeply $world->adjustment($count)->{approved_by}, { user_id => $world->admin->user_id, full_name => $world->admin->user->{full_name} }, 'who approved is who asked last';
    my @trail = map { [$_->{user_id}, $_->{details}{requested_by}] } $mongo->find('activity_logs', { action => 'job.requeue', 'details.job_id' => $id });
    is_deeply \@trail, [[$boss->user_id, $world->admin->user_id], [$world->admin->user_id, $boss->user_id]], 'the trail says from whom it was taken';
};

subtest 'two counts of one item' => sub {
    my ($first, $second, $third) = map { $world->open_count(name => $_) } qw(first second third);
    $world->count($first, 0, 'ADJ-11' => 7);
    $world->count($second, 1, 'ADJ-11' => 8);
    my $frozen = $world->mongo->find_one('session_book', { session_id => $third, item_code => 'ADJ-11' });
    is plain($frozen->{system_qty}) + 0, 10, 'the third has the book of before';
    $world->reconcile($first);
    $world->accept($first);
    is $world->approve($first)->status, 201, 'the first is approved';
    my $fourth = $world->open_count(name => 'fourth');
    is plain($world->mongo->find_one('session_book', { session_id => $fourth, item_code => 'ADJ-11' })->{system_qty}) + 0, 7,
        'a book that is frozen now has its difference, which the ERP does not have yet';
    sleep_past($mongo->find_one('adjustments', { adjustment_id => $first })->{approved_at});
    $world->{at} = now();
    $world->count($third, 2, 'ADJ-11' => 6);
    delete $world->{at};
    for my $count ($second, $third) {
        $world->reconcile($count);
        $world->accept($count);
        is $world->approve($count)->status, 201, 'approved';
    }
    my ($superseded) = @{ $world->adjustment($second)->{items} };
    is_deeply [@$superseded{qw(item_code delta)}, $superseded->{posting}{state}], ['ADJ-11', -2, 'superseded'], 'counted before: nothing of it is posted';
    is $world->adjustment($second)->{status}, 'posted', 'and nothing is left to be';
    my ($later) = @{ $world->adjustment($third)->{items} };
    is_deeply [@$later{qw(delta book)}, $later->{posting}{state}], [-1, 10, 'pending'], 'counted after: with the difference in its book';
};

subtest 'a reversal' => sub {
    my $count = $world->approved('ADJ-12' => 5, 'ADJ-13' => 11);
    my $answer = $boss->post("/api/adjustments/$count/reverse", { note => 'Wrong' }, headers => { Prefer => 'wait=30' });
    is $answer->status, 201, 'reversed' or diag $answer->text;
    my $id = $answer->data->{adjustment_id};
    is_deeply [@{ $world->adjustment($id) }{qw(kind reverses status)}], ['reversal', $count, 'posted'], 'nothing of it was sent, nor is';
    is_deeply [map { "$_->{delta} $_->{posting}{state}" } @{ $world->adjustment($id)->{items} }], ['5 withdrawn', '-1 withdrawn'], 'with the opposite sign';
    is_deeply [map { $_->{posting}{state} } @{ $world->adjustment($count)->{items} }], ['withdrawn', 'withdrawn'], 'as the lines themselves';
    is $world->adjustment($count)->{reversed_by}, $id, 'it says so';
    is plain($mongo->find_one('session_book', { session_id => $world->open_count, item_code => 'ADJ-12' })->{system_qty}) + 0, 10, 'books are as before';
    is $boss->post("/api/adjustments/$count/reverse", { note => 'Again' })->code, 'conflict_state', 'once';
    is $boss->post("/api/adjustments/$id/reverse", { note => 'Back' })->code, 'conflict_state', 'a reversal is final';
    is $world->admin->post("/api/adjustments/$count/post")->code, 'conflict_state', 'and it is not posted';
};

subtest 'a file for the ERP' => sub {
    my $count = $world->approved('ADJ-14' => 4);
    my $file = $boss->get("/api/adjustments/$count/export", query => { format => 'csv' }, headers => { Prefer => 'wait=30' });
    is $file->status, 200, 'a file' or diag $file->text;
    my ($head, $line) = split /\r\n/, $file->body;
    is $head, 'adjustment_id,line,code,warehouse,lot,delta,uom,unit_cost,value,counted_at', "columns are called as the ERP's";
    like $line, qr/^\Q$count\E,1,ADJ-14,\Q@{[ $world->warehouse ]}\E,"",-6,PCS,2\.5,-15,20/, 'a line';
    is $boss->post("/api/adjustments/$count/reverse", { note => 'No' })->code, 'conflict_state', 'nobody knows whether it was loaded';
    is $boss->post("/api/adjustments/$count/post", { method => 'file' })->status, 403, 'an admin says that';
    my $posted = $world->admin->post("/api/adjustments/$count/post", { method => 'file' });
    is $posted->data->{status}, 'posted', 'it was';
    is $world->adjustment($count)->{posting}{applied}, 1, 'and its lines are in the ERP';
    $world->erp("UPDATE stock SET qty = 4, changed_at = datetime('now') WHERE code = 'ADJ-14'");
    $world->import_erp;
    is plain($mongo->find_one('session_book', { session_id => $world->open_count, item_code => 'ADJ-14' })->{system_qty}) + 0, 4,
        'once the ERP tells it, our books do not add it any more';
    is $world->admin->post("/api/adjustments/$count/post")->code, 'conflict_state', 'while write-back is off nothing is posted';
};

$stack->finish;
done_testing;

sub now { return plain($mongo->run('{"hello": 1}')->{localTime}) }
sub sleep_past { my ($time) = @_; wait_until { now() gt plain($time) } 10, 'the clock'; return }

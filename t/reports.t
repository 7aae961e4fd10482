#!/usr/bin/perl
# The five reports that need no query, in every format, against the books this test kept itself.
use lib 't/lib';
use StockVerify::Test;
use StockVerify::Exports;
use StockVerify::Quantity qw(millionths);

my $stack = start_stack(settings => { JOB_CLAIM => 600, JOB_RETRY_DELAY => 20, SYNC_RATE_LIMIT => 0 });
my ($asha, $ben) = map { $stack->login('staff') } 1 .. 2;
my $boss = $stack->login('supervisor');
my $admin = $stack->login('admin');
my $mongo = $stack->mongo;
my $exports = StockVerify::Exports->new(stack => $stack, boss => $admin);
my @items = $stack->demo('items');
my ($warehouse) = map { $_->{warehouse} } $stack->demo('racks');
my @counted = grep { $_->{warehouse} eq $warehouse && $_->{serial_tracked} ne 'true' && $_->{stock_qty} > 0 } @items;
my %item = map { ($_->{item_code} => $_) } @items;

# ---- a day's work, and the test's books of it: quantities in millionths

my (%verified, %damaged, %records, %sessions, @told);

sub sync {
    my ($user, $session, @figures) = @_;
    my @records = map {
        my ($code, $quantity, $damage, $at, %more) = @$_;
        { client_record_id => 'r' . (1 + @told), session_id => $session, item_code => $code, verified_qty => $quantity + 0, damage_qty => $damage + 0,
            status => 'finalized', created_at => $at, updated_at => $at, %more, told($user, $session, $_) };
    } @figures;
    is_deeply $user->post('/api/sync/batch', { records => \@records })->data->{ok}, [map { $_->{client_record_id} } @records], 'stored';
    # What was counted on days before its session began: no phone can say so.
    $mongo->update(verification_records => { client_record_id => $_->{client_record_id} }, { '$set' => { counted_at => { '$date' => $_->{created_at} } } }) for @records;
    return;
}

sub told {
    my ($user, $session, $figure) = @_;
    my ($code, $quantity, $damage, $at, %more) = @$figure;
    push @told, { user => $user->user_id, session => $session, code => $code, at => $at, void => ($more{status} // '') eq 'void' };
    return if $told[-1]{void};
    $verified{$code} += millionths($quantity);
    $damaged{$code} += millionths($damage);
    $records{$code}++;
    $sessions{$session}{records}++;
    $sessions{$session}{items}{$code}++;
    $sessions{$session}{verified} += millionths($quantity);
    return;
}

# A count of the whole warehouse, whose books are what is compared with.
my $opened = $boss->post('/api/sessions', { warehouse => $warehouse })->data->{session_id};
wait_until { plain($mongo->find_one(sessions => { session_id => $opened }))->{book_state} eq 'frozen' } 30, 'its book to be frozen';

sub claim {
    my ($user, $rack) = @_;
    my $session = $user->post("/api/racks/$rack/claim", {})->data->{session_id};
    $sessions{$session} = { user => $user->user_id, rack => $rack, records => 0, verified => 0 };
    return $session;
}

my ($rack_a, $rack_b) = map { $stack->rack } 1 .. 2;
my $first = claim($asha, $rack_a);
my $second = claim($ben, $rack_b);
my @codes = map { $_->{item_code} } @counted[0 .. 6];
my $as_booked = $counted[7];
sync($asha, $first, [$codes[0], '5', '1', '2026-01-05T08:10:00Z'], [$codes[1], '2.25', '0', '2026-01-05T08:20:00Z'],
    [$codes[2], '1', '0', '2026-01-05T10:00:00Z'], [$codes[3], '7', '0', '2026-01-06T09:00:00Z'], [$codes[4], '1', '0', '2026-01-06T09:59:59Z', status => 'void']);
sync($ben, $second, [$codes[0], '3', '0.5', '2026-01-05T08:30:00Z'], [$codes[5], '0', '0', '2026-01-05T23:59:59Z'],
    [$as_booked->{item_code}, $as_booked->{stock_qty}, '0', '2026-01-05T23:59:59Z']);
is $asha->post("/api/sessions/$first/complete")->status, 200, 'one is completed';
is $ben->post("/api/racks/$rack_b/release", {})->status, 200, 'the other released';
my ($count) = map { $_->{count_id} } $mongo->find_one('verification_sessions', { session_id => $first });
my $chen = $stack->login('staff');
is $chen->post('/api/sessions/' . $chen->post("/api/racks/$rack_b/claim", {})->data->{session_id} . '/complete')->status, 200, 'and completed by somebody else';
$stack->finish_racks($chen, $count, keys %records);
wait_until {
    # Of complete lines alone: before their last rack is completed they differ from nothing.
    my %derived = map { ($_->{item_code} => plain($_->{counted})) } $mongo->find(session_book => { session_id => $count, state => 'counted' });
    !grep { ($derived{$_}{records} // 0) != $records{$_} } keys %records;
} 30, 'totals to be derived';
wait_until { $mongo->count('erp_items', { overlay_count_id => $count }) == keys %records } 30, 'items to show them';

# ---- asking

# The report's rows as hashes of texts, out of a file of this format.
sub report {
    my ($type, $format, %filter) = @_;
    my $answer = $admin->post('/api/reports/generate', { type => $type, format => $format, filters => \%filter }, headers => { Prefer => 'wait=30' });
    is $answer->status, 201, "$type as $format" or diag $answer->text;
    is $answer->header('Location'), $answer->data->{result_url}, 'its place is its file';
    my $file = $admin->get($answer->data->{result_url});
    is $file->status, 200, 'downloaded' or diag $file->text;
    return $exports->keep("$type.$format", $file->body);
}

sub csv_rows {
    my ($names, @rows) = @{ $exports->read_as(csv => $_[0])->{rows} };
    return map { my %row; @row{@$names} = @$_; \%row } @rows;
}

sub rows { my ($type, %filter) = @_; return csv_rows(report($type, 'csv', %filter)) }

# What a figure of a file, a text, is in millionths.
sub figure { my ($text) = @_; return length $text ? millionths($text) : undef }

sub variance_of { my ($code) = @_; return $verified{$code} + $damaged{$code} - millionths($item{$code}{stock_qty}) }

# quantity x price, both in millionths, half away from zero.
sub value_of {
    my ($quantity, $price) = @_;
    use bigint;
    my $size = (abs($quantity) * $price * 2 + 1_000_000) / 2_000_000;
    return 0 + ($quantity < 0 ? -$size : $size)->bstr;
}

subtest 'variance' => sub {
    my @expected = map {
        my $variance = variance_of($_);
        {
            item_code => $_, count_id => $count, warehouse => $warehouse, category => $item{$_}{category}, floor => $item{$_}{floor}, item_name => $item{$_}{item_name},
            system_qty => millionths($item{$_}{stock_qty}), verified_qty => $verified{$_}, damage_qty => $damaged{$_}, variance => $variance,
            variance_value => value_of($variance, millionths($item{$_}{unit_cost})), records => $records{$_},
        };
    } grep { variance_of($_) != 0 } sort keys %records;
    is scalar(grep { $_ eq $as_booked->{item_code} } keys %records), 1, 'one item was counted as booked';
    my $simplified = sub {
        my (@rows) = @_;
        return [map { my $row = $_; +{ map { ($_ => /_qty$|^variance/ ? figure($row->{$_}) : $row->{$_}) } keys %{ $expected[0] } } } @rows];
    };
    is_deeply $simplified->(rows('variance', warehouse => $warehouse)), \@expected, 'every item that differs, to the millionth';
    my $category = $item{ $codes[0] }{category};
    is_deeply $simplified->(rows('variance', category => $category)), [grep { $_->{category} eq $category } @expected], 'of a category';
    my $floor = $item{ $codes[0] }{floor};
    is_deeply $simplified->(rows('variance', floor => $floor, count_id => $count)), [grep { $_->{floor} eq $floor } @expected], 'of a floor';
    is_deeply [map { $_->{item_code} } rows('variance', user => $asha->user_id)],
        [grep { my $code = $_; (grep { $_->{code} eq $code && !$_->{void} } @told)[-1]{user} eq $asha->user_id } map { $_->{item_code} } @expected], 'last counted by';
    is_deeply [rows('variance', period => 'yesterday')], [], 'nothing yesterday';
    is scalar(() = rows('variance', from => '2026-01-01')), @expected, 'counted since';
    is_deeply [rows('variance', warehouse => 'WH-NOWHERE')], [], 'nothing elsewhere';
};

subtest 'stock summary' => sub {
    my %groups;
    for my $item (@items) {
        my $group = $groups{ join "\t", @{$item}{qw(warehouse floor category uom)} } ||= {};
        my $code = $item->{item_code};
        $group->{items}++;
        $group->{stock_qty} += millionths($item->{stock_qty});
        $group->{stock_value} += value_of(millionths($item->{stock_qty}), millionths($item->{unit_cost}));
        next unless $records{$code};
        $group->{verified_items}++;
        $group->{verified_qty} += $verified{$code};
        $group->{damaged_qty} += $damaged{$code};
        $group->{variance} += variance_of($code);
        $group->{variance_value} += value_of(variance_of($code), millionths($item->{unit_cost}));
    }
    my @rows = rows('stock_summary');
    is_deeply [map { join "\t", @{$_}{qw(warehouse floor category uom)} } @rows], [sort keys %groups], 'by warehouse, floor, category and unit';
    for my $row (@rows) {
        my $group = $groups{ join "\t", @{$row}{qw(warehouse floor category uom)} };
        my @figures = qw(stock_qty stock_value verified_qty damaged_qty variance variance_value);
        is_deeply { items => $row->{items}, verified_items => $row->{verified_items}, map { ($_ => figure($row->{$_})) } @figures },
            { verified_items => 0, (map { ($_ => 0) } @figures), %$group }, "$row->{floor}, $row->{category}";
    }
    is scalar(() = rows('stock_summary', warehouse => $warehouse)), scalar(grep { /^\Q$warehouse\E\t/ } keys %groups), 'of one warehouse';
    my $verified = 0;
    $verified += $_->{items} for rows('stock_summary', period => 'today');
    is $verified, keys %records, 'what was verified today';
};

subtest 'user activity' => sub {
    my %days;
    for my $record (@told) {
        my ($day, $hour) = $record->{at} =~ /^([\d-]+)T(\d+)/;
        my $day_of = $days{"$day $record->{user}"} ||= {};
        $day_of->{records}++;
        $day_of->{voids}++ if $record->{void};
        $day_of->{hours}{$hour} = 1;
    }
    my @rows = rows('user_activity', to => '2026-02-01');
    is_deeply [map { "$_->{day} $_->{user_id}" } @rows], [sort keys %days], 'a row for each day and person';
    for my $row (@rows) {
        my $day = $days{"$row->{day} $row->{user_id}"};
        my $hours = keys %{ $day->{hours} };
        is_deeply [@{$row}{qw(records voids hours_counted)}], [$day->{records}, $day->{voids} // 0, $hours], "$row->{day} $row->{username}";
        is $row->{scans_per_hour} + 0, sprintf('%.2f', $day->{records} / $hours) + 0, 'scans per hour';
    }
    my %today = map { ($_->{user_id} => $_) } rows('user_activity', period => 'today', warehouse => $warehouse);
    for my $user ($asha, $ben) {
        my $logged = $mongo->count('activity_logs', { user_id => $user->user_id, warehouse => $warehouse });
        cmp_ok $logged, '>=', 3, 'the trail knows them';
        is $today{ $user->user_id }{actions}, $logged, 'what they did today';
    }
    is_deeply [map { $_->{user_id} } rows('user_activity', user => $ben->user_id, to => '2026-02-01')], [$ben->user_id], 'of one person';
};

subtest 'session history' => sub {
    my @rows = grep { $_->{user_id} ne $chen->user_id } rows('session_history', warehouse => $warehouse);
    is_deeply [sort map { $_->{session_id} } @rows], [sort keys %sessions], 'every floor session';
    for my $row (@rows) {
        my $session = $sessions{ $row->{session_id} };
        is_deeply [@{$row}{qw(user_id rack_id records items)}, figure($row->{verified_qty})],
            [$session->{user}, $session->{rack}, $session->{records}, scalar keys %{ $session->{items} }, $session->{verified}], $row->{username};
        is "$row->{status} $row->{rack_completed}", $row->{session_id} eq $first ? 'completed true' : 'completed false', 'how it ended';
        ok length $row->{ended_at}, 'and when';
    }
    is_deeply [map { $_->{session_id} } rows('session_history', user => $asha->user_id)], [$first], 'of one person';
    is_deeply [rows('session_history', to => '2026-01-01')], [], 'none so early';
};

subtest 'audit trail' => sub {
    my @rows = rows('audit_trail', count_id => $count);
    my @entries = map { plain($_) } $mongo->find(activity_logs => { count_id => $count });
    cmp_ok scalar @entries, '>=', 4, 'there are entries';
    is_deeply [sort map { "$_->{action} $_->{user_id}" } @rows], [sort map { "$_->{action} $_->{user_id}" } @entries], 'all of them';
    my @times = map { $_->{at} } @rows;
    is_deeply \@times, [sort @times], 'in order';
    my %by_seq = map { ($_->{seq} => $_) } grep { defined $_->{seq} } @entries;
    is_deeply [grep { length $_->{seq} && $by_seq{ $_->{seq} } && $_->{hash} ne $by_seq{ $_->{seq} }{hash} } @rows], [], 'with their places in the chain';
    is $boss->post('/api/reports/generate', { type => 'audit_trail', format => 'csv' })->status, 403, 'a supervisor may not ask for it';
    my $job = $admin->post('/api/reports/generate', { type => 'audit_trail', format => 'csv' }, headers => { Prefer => 'wait=30' })->data;
    is $job->{type}, 'report.audit', 'its job is a kind of its own';
    is $boss->get($job->{result_url})->status, 403, 'nor have its file';
    is $boss->get("/api/jobs/$job->{job_id}")->status, 403, 'nor see its job';
};

subtest 'every report in every format' => sub {
    wait_until { !$mongo->count('activity_logs', { sealed => \0 }) } 30, 'the trail to be sealed';
    for my $type (qw(stock_summary variance user_activity session_history audit_trail)) {
        my ($names, @csv) = @{ $exports->read_as(csv => report($type, 'csv', warehouse => $warehouse))->{rows} };
        ok scalar @csv, "$type has rows";
        for my $format (qw(json ndjson)) {
            my $seen = $exports->read_as($format => report($type, $format, warehouse => $warehouse));
            is_deeply [map { [map { $_ // '' } @$_] } @{ $seen->{rows} }], \@csv, "$type: $format as CSV";
        }
        my ($sheet) = @{ $exports->read_as(xlsx => report($type, 'xlsx', warehouse => $warehouse))->{sheets} };
        my @first = map { ($_ // '') =~ s/^[snbd]://r } map { $_->[0] } @{ $sheet->{rows} };
        is scalar @first, @csv + 1, "$type: XLSX has as many rows below a header";
        is $first[1], $csv[0][0], 'and the same ones' if $type !~ /activity|trail/; # days and times are dates there
        my $pdf = $exports->output('pdftotext', '-layout', report($type, 'pdf', warehouse => $warehouse), '-');
        like $pdf, qr/warehouse \Q$warehouse/, "$type: PDF says what it was filtered by";
    }
    my $variance = $exports->output('pdftotext', '-layout', report('variance', 'pdf', warehouse => $warehouse), '-');
    like $variance, qr/Variances/, 'a title';
    like $variance, qr/warehouse \Q$warehouse/, 'the filters';
    ok scalar(grep { $variance =~ /\Q$_/ } $codes[0]) == 1, 'and the items';
};

subtest 'wrong requests' => sub {
    my $fields = sub { return join ' ', $boss->post('/api/reports/generate', {@_})->fields };
    my %good = (type => 'variance', format => 'csv');
    is $fields->(), 'type', 'a type is needed';
    is $fields->(%good, type => 'stock'), 'type', 'that there is';
    is $fields->(%good, format => 'doc'), 'format', 'and a format, if any';
    is $fields->(%good, filters => { warehuose => 'x' }), 'filters.warehuose', 'a filter that is none';
    is $fields->(%good, filters => { warehouse => { '$ne' => '' } }), 'filters.warehouse', 'an operator';
    is $fields->(%good, filters => { '$where' => '1' }), 'filters.$where', 'code';
    is $fields->(%good, type => 'session_history', filters => { category => 'x' }), 'filters.category', 'one that the report has not';
    is $fields->(%good, filters => { from => '2026-02-01', to => '2026-01-01' }), 'filters.to', 'a time that ends before it begins';
    is $fields->(%good, filters => { to => '1970-01-01T00:00:00Z' }), 'filters.to', 'a time before all times, which would be no filter';
    is $fields->(%good, filters => { from => '2026-02-01', period => 'today' }), 'filters.period', 'a period and a time';
    is $fields->(%good, format => 'pdf', bom => \1), 'bom', 'an option of another format';
    is $asha->post('/api/reports/generate', \%good)->status, 403, 'staff may not';
    is $boss->post('/api/reports/export/doc', { type => 'variance' })->status, 404, 'no such format in the path';
};

subtest 'the same under its other name, and once' => sub {
    my $answer = $boss->post('/api/reports/export/csv', { type => 'variance', filters => { warehouse => $warehouse } }, headers => { Prefer => 'wait=30' });
    is $answer->status, 201, 'made' or diag $answer->text;
    is $answer->data->{type}, 'report.generate', 'by the same kind of job';
    $stack->stop_part('worker');
    my @jobs = map { $boss->post('/api/reports/generate', { type => 'variance', format => 'csv', filters => $_ })->data->{job_id} }
        { warehouse => 'A' }, { warehouse => 'A' }, { warehouse => 'B' };
    is $jobs[0], $jobs[1], 'what waits is not asked for twice';
    isnt $jobs[0], $jobs[2], 'something else is';
    $stack->start_part('worker');
    is $exports->await_job($_)->{status}, 'succeeded', 'done' for $jobs[0], $jobs[2];
};

done_testing;

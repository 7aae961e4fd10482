#!/usr/bin/perl
# Comparisons of snapshots, against a computation of the test's own; trends; and the worker killed at every stage.
use lib 't/lib';
use StockVerify::Test;
use StockVerify::Exports;
use StockVerify::Quantity qw(millionths);

my $stack = start_stack(settings => { JOB_CLAIM => 600, JOB_RETRY_DELAY => 20, SYNC_RATE_LIMIT => 0 });
my $boss = $stack->login('supervisor');
my $mongo = $stack->mongo;
my $exports = StockVerify::Exports->new(stack => $stack, boss => $boss);
srand 20261122;

# ---- the test's own items: {code => {floor, qty, cost, name}}, quantities and costs in millionths

sub random_item {
    return { floor => (qw(Ground First), undef)[rand 3], qty => int(rand 2_000_000) * 500, cost => int(rand 900) * 10_000, name => 'Item ' . int rand 5 };
}

sub decimal { my ($millionths) = @_; return { '$numberDecimal' => sprintf '%s%d.%06d', $millionths < 0 ? '-' : '', abs($millionths) / 1e6, abs($millionths) % 1e6 } }

# The database holds these items, and no others, in the warehouse.
sub store_items {
    my ($warehouse, $items) = @_;
    $mongo->run(delete => 'erp_items', deletes => [{ q => { warehouse => $warehouse }, limit => 0 }]);
    my @documents = map {
        my $item = $items->{$_};
        { item_code => $_, warehouse => $warehouse, floor => $item->{floor}, item_name => $item->{name}, stock_qty => decimal($item->{qty}), unit_cost => decimal($item->{cost}) };
    } sort keys %$items;
    while (my @some = splice @documents, 0, 2000) {
        $mongo->run(insert => 'erp_items', documents => \@some);
    }
    return;
}

sub snapshot {
    my ($warehouse, $name, %more) = @_;
    my $tags = delete $more{tags} // [];
    my $answer = $boss->post('/api/reports/snapshots', { name => $name, tags => $tags, query => {
        collection => 'erp_items', filters => [{ field => 'warehouse', op => 'eq', value => $warehouse }],
        fields => [qw(item_code floor stock_qty unit_cost item_name)], %more,
    } }, headers => { Prefer => 'wait=30' });
    is $answer->status, 201, "$name is taken" or diag $answer->text;
    return $answer->data->{snapshot_id};
}

sub compare {
    my ($from, $to, %more) = @_;
    my $answer = $boss->post('/api/reports/compare', { baseline_id => $from, comparison_id => $to, %more }, headers => { Prefer => 'wait=30' });
    is $answer->status, 201, 'compared' or diag $answer->text;
    return $answer->data;
}

sub rows_of {
    my ($id, %query) = @_;
    my (@rows, $cursor);
    do {
        my $page = $boss->get("/api/reports/compare/$id", query => { limit => 500, %query, defined $cursor ? (cursor => $cursor) : () })->data;
        push @rows, @{ $page->{items} };
        $cursor = $page->{next_cursor};
    } while (defined $cursor);
    return @rows;
}

# ---- what the test expects, computed from its own items

my %NUMBERS = (stock_qty => 'qty', unit_cost => 'cost');
my %TEXTS = (floor => 'floor', item_name => 'name');

sub differs {
    my ($before, $after, %tolerance) = @_;
    my @fields;
    for my $field (qw(floor stock_qty unit_cost item_name)) {
        if (my $number = $NUMBERS{$field}) {
            push @fields, $field if abs($after->{$number} - $before->{$number}) > ($tolerance{$field} // 0);
        } else {
            my ($was, $is) = map { $_->{ $TEXTS{$field} } } $before, $after;
            push @fields, $field if ($was // "\0") ne ($is // "\0");
        }
    }
    return @fields;
}

sub expected_rows {
    my ($from, $to, %tolerance) = @_;
    my %either = (%$from, %$to);
    my @rows;
    for my $code (sort keys %either) {
        my ($before, $after) = ($from->{$code}, $to->{$code});
        my @fields = $before && $after ? differs($before, $after, %tolerance) : ();
        my $change = !$before ? 'added' : !$after ? 'removed' : @fields ? 'changed' : 'unchanged';
        my %row = (item_code => $code, change => $change, changed_fields => @fields ? join(', ', @fields) : undef);
        for my $field (keys %TEXTS) {
            $row{"${field}_before"} = $before && $before->{ $TEXTS{$field} };
            $row{"${field}_after"} = $after && $after->{ $TEXTS{$field} };
        }
        for my $field (keys %NUMBERS) {
            my ($was, $is) = map { $_ && $_->{ $NUMBERS{$field} } } $before, $after;
            $row{"${field}_before"} = $was;
            $row{"${field}_after"} = $is;
            $row{"${field}_delta"} = ($is // 0) - ($was // 0);
            $row{"${field}_percent"} = $was ? rounded(($is // 0) - $was, $was) : undef;
        }
        push @rows, \%row;
    }
    return @rows;
}

# part / whole in millionths, half away from zero, in whole numbers.
sub rounded {
    my ($part, $whole) = @_;
    use bigint;
    my ($size, $sign) = (abs($part) * 1_000_000, $part < 0 ? -1 : 1);
    my $quotient = (2 * $size + $whole) / (2 * $whole);
    return 0 + ($sign * $quotient)->bstr;
}

# A row as answered, its numbers in millionths.
sub in_millionths {
    my ($row) = @_;
    return { map { ($_ => /^(?:stock_qty|unit_cost)_/ && defined $row->{$_} ? millionths($row->{$_}) : $row->{$_}) } keys %$row };
}

sub counts_of { my %counts = map { ($_ => 0) } qw(added removed changed unchanged); $counts{ $_->{change} }++ for @_; return \%counts }

my (%before, %after, $first, $second);

subtest 'two snapshots' => sub {
    %before = map { (sprintf('C%04d', $_) => random_item()) } 1 .. 1500;
    for my $code (keys %before) {
        my $chance = rand;
        next if $chance < 0.1;
        my %item = %{ $before{$code} };
        $item{qty} += int(rand 3) ? int(rand 1_000_000) - 500_000 : 0 if $chance < 0.5;
        $item{name} = 'Renamed' if $chance > 0.95;
        $item{floor} = undef if $chance > 0.97;
        $after{$code} = \%item;
    }
    $after{ sprintf 'D%04d', $_ } = random_item() for 1 .. 120;
    store_items('CMP', \%before);
    $first = snapshot('CMP', 'Before');
    store_items('CMP', \%after);
    $second = snapshot('CMP', 'After');
    my @expected = expected_rows(\%before, \%after);
    my $made = compare($first, $second);
    is_deeply $made->{counts}, counts_of(@expected), 'the counts';
    my @differing = grep { $_->{change} ne 'unchanged' } @expected;
    is $made->{rows}, scalar @differing, 'rows of what differs';
    is_deeply [map { in_millionths($_) } rows_of($made->{job_id})], \@differing, 'each as expected, in the order of the key';
    for my $change (qw(added removed changed unchanged)) {
        is_deeply [map { $_->{item_code} } rows_of($made->{job_id}, change => $change, limit => 97)],
            [map { $_->{item_code} } grep { $_->{change} eq $change } @differing], "only $change";
    }
    for my $field (grep { $NUMBERS{ $_->{name} } } @{ $made->{fields} }) {
        my $number = $NUMBERS{ $field->{name} };
        my @sums = map { my $sum = 0; $sum += $_->{$number} for values %$_; $sum } \%before, \%after;
        is millionths($field->{baseline_sum}), $sums[0], "$field->{name}: sum before";
        is millionths($field->{comparison_sum}), $sums[1], 'and after';
        is millionths($field->{delta}), $sums[1] - $sums[0], 'what is between';
        my @changed = grep { $_->{change} eq 'changed' && $_->{changed_fields} =~ /$field->{name}/ } @expected;
        is $field->{changed}, scalar @changed, 'rows where it differs';
        is $field->{increased}, scalar(grep { $_->{"$field->{name}_delta"} > 0 } @changed), 'those where it is more';
    }
    my $same = $boss->get("/api/reports/compare/$made->{job_id}")->data;
    is $same->{baseline}{name}, 'Before', 'whose snapshots they are';
    is_deeply [map { $_->{job_id} } @{ $boss->get('/api/reports/compare', query => { limit => 1 })->data->{items} }], [$made->{job_id}], 'it is listed';
};

subtest 'tolerance, keys and other orders' => sub {
    my @expected = expected_rows(\%before, \%after, stock_qty => 250_000);
    is_deeply compare($first, $second, tolerance => { stock_qty => 0.25 })->{counts}, counts_of(@expected), 'within a tolerance is unchanged';
    my $all = compare($first, $second, include_unchanged => \1, tolerance => 0.25);
    is $all->{rows}, scalar @expected, 'all rows, when asked';
    my $aliased = $boss->post('/api/reports/compare', { snapshot_a_id => $second, snapshot_b_id => $first, compare_fields => ['item_name'] }, headers => { Prefer => 'wait=30' })->data;
    is $aliased->{counts}{added}, $all->{counts}{removed}, 'the other way round, under other names';
    is_deeply [map { $_->{name} } @{ $aliased->{fields} }], ['item_name'], 'one field only';

    my $sorted = snapshot('CMP', 'By quantity', sort => [{ field => 'stock_qty', direction => 'desc' }]);
    my $straight = compare($first, $second);
    my $other = compare($first, $sorted);
    is $other->{digest}, $straight->{digest}, 'a snapshot in another order gives the same rows';
    my @rows = rows_of(compare($sorted, $second, key_fields => [qw(floor item_code)], include_unchanged => \1)->{job_id});
    is_deeply [map { $_->{floor} } @rows], [sort { ($a // '') cmp ($b // '') } map { $_->{floor} } values %after], 'rows come in the order of the key asked for';
    my $double = $boss->post('/api/reports/compare', { baseline_id => $first, comparison_id => $second, key_fields => ['item_name'] }, headers => { Prefer => 'wait=30' });
    is $double->status . ' ' . $double->data->{status}, '200 failed', 'keys that stand twice';
    is $double->data->{error}{code}, 'key_not_unique', 'are told';
    like $double->data->{error}{message}, qr/item_name (?:Item \d|Renamed)/, 'by their value';
};

subtest 'wrong requests' => sub {
    my $asha = $stack->login('staff');
    is $asha->post('/api/reports/compare', { baseline_id => $first, comparison_id => $second })->status, 403, 'staff may not';
    is $asha->get($_)->status, 403, "nor read $_" for '/api/reports/compare', "/api/reports/compare/$first", '/api/reports/trend?tag=x&metric=rows';
    my $fields = sub { return join ' ', $boss->post('/api/reports/compare', {@_})->fields };
    is $fields->(), 'baseline_id comparison_id', 'two snapshots are needed';
    is $fields->(baseline_id => $first, comparison_id => 'nothing'), 'comparison_id', 'that there are';
    is $fields->(baseline_id => $first, comparison_id => $first), 'comparison_id', 'and not the same';
    is $fields->(baseline_id => { '$ne' => '' }, comparison_id => $second), 'baseline_id', 'operators are no ids';
    is $fields->(baseline_id => $first, comparison_id => $second, key_fields => ['colour']), 'key_fields[0]', 'a key that is none';
    is $fields->(baseline_id => $first, comparison_id => $second, compare_fields => ['item_code']), 'compare_fields[0]', 'a field of the key';
    is $fields->(baseline_id => $first, comparison_id => $second, tolerance => { item_name => 1 }), 'tolerance.item_name', 'tolerance of a text';
    is $fields->(baseline_id => $first, comparison_id => $second, tolerance => -1), 'tolerance', 'a negative one';
    for my $id ('nothing', '..%2F..%2Fjobs', '%24ne') {
        my @answers = ($boss->get("/api/reports/compare/$id"), $boss->del("/api/reports/compare/$id"), $boss->get("/api/reports/compare/$id/export", query => { format => 'csv' }));
        is_deeply [grep { $_ != 400 && $_ != 404 } map { $_->status } @answers], [], "there is no $id to read, delete or export";
    }
    my ($one) = @{ $boss->get('/api/reports/compare', query => { limit => 1 })->data->{items} };
    is $boss->get("/api/reports/compare/$one->{job_id}", query => { cursor => $_ })->code, 'cursor_invalid', "no cursor: $_" for '-1', 'x', '99999999';
    is $boss->get("/api/reports/compare/$one->{job_id}", query => { change => 'painted' })->code, 'parameter_invalid', 'no change';
};

subtest 'files' => sub {
    my $made = compare($first, $second);
    my @rows = rows_of($made->{job_id});
    my @names = map { $_->{name} } @{ $made->{columns} };
    my $file = sub {
        my (%query) = @_;
        my $answer = $boss->get("/api/reports/compare/$made->{job_id}/export", query => \%query, headers => { Prefer => 'wait=30' });
        is $answer->status, 200, "$query{format} is made" or diag substr $answer->body, 0, 200;
        my $again = $boss->get("/api/reports/compare/$made->{job_id}/export", query => \%query);
        is $again->header('ETag'), $answer->header('ETag'), 'and there when asked for again';
        return $exports->keep("compare.$query{format}", $again->body);
    };
    my %is_number = map { ($_->{name} => 1) } grep { $_->{type} =~ /^(?:quantity|money|ratio|integer)$/ } @{ $made->{columns} };
    # Numbers in millionths, whichever way they are written.
    my $texts = sub { my ($values) = @_; return [map { !length($values->[$_] // '') ? '' : $is_number{ $names[$_] } ? millionths($values->[$_]) : $values->[$_] } 0 .. $#names] };
    my ($header, @csv) = @{ $exports->read_as(csv => $file->(format => 'csv'))->{rows} };
    is_deeply $header, \@names, 'a header';
    my @expected = map { $texts->([@{$_}{@names}]) } @rows;
    is_deeply [map { $texts->($_) } @csv], \@expected, 'CSV: the rows as paged';
    for my $format (qw(json ndjson)) {
        my $seen = $exports->read_as($format => $file->(format => $format));
        is_deeply [map { $texts->($_) } @{ $seen->{rows} }], \@expected, "$format: the same";
    }
    my ($sheet) = @{ $exports->read_as(xlsx => $file->(format => 'xlsx'))->{sheets} };
    is scalar @{ $sheet->{rows} }, @rows + 1, 'XLSX: as many rows below a header' or diag scalar @{ $sheet->{rows} };
    my $pdf = $exports->output('pdftotext', '-layout', $file->(format => 'pdf'), '-');
    like $pdf, qr/$rows[0]{item_code}/, 'PDF: the first row';
    like $pdf, qr/$rows[-1]{item_code}/, 'and the last';
    is $boss->get("/api/reports/compare/$made->{job_id}/export", query => { format => 'doc' })->code, 'parameter_invalid', 'no such format';
};

subtest 'deleting' => sub {
    my $made = compare($first, $second, name => 'To go');
    is $boss->del("/api/reports/compare/$made->{job_id}")->status, 200, 'deleted';
    is $boss->get("/api/reports/compare/$made->{job_id}")->status, 404, 'gone';
    ok $mongo->count('activity_logs', { action => 'comparison.delete', user_id => $boss->user_id }), 'and that is on the trail';
};

subtest 'trend' => sub {
    my @stock = (100, 102, 98, 101, 99, 400, 100);
    for my $i (0 .. $#stock) {
        store_items('TRD', { T1 => { qty => $stock[$i] * 1e6, cost => 0, name => 'x' }, $i == 3 ? (T2 => { qty => 0, cost => 0, name => 'y' }) : () });
        snapshot('TRD', "Week $i", tags => ['weekly']);
    }
    my $trend = sub { return $boss->get('/api/reports/trend', query => { tag => 'weekly', @_ }) };
    my $stock = $trend->(metric => 'stock_qty')->data;
    is_deeply [map { $_->{value} } @{ $stock->{points} }], \@stock, 'a point a snapshot, in order';
    is_deeply [map { $_->{name} } grep { $_->{outlier} } @{ $stock->{points} }], ['Week 5'], 'the one far off is the outlier';
    is $stock->{median}, 100, 'median of 98 99 100 100 101 102 400';
    is $stock->{deviation}, 1, 'median deviation of 0 0 1 1 2 2 300';
    is $stock->{points}[5]{score}, 202.35, '0.6745 x 300 / 1';
    is $stock->{points}[1]{change}, 2, 'change';
    is $stock->{points}[1]{change_percent}, 0.02, 'in percent';
    my $rows = $trend->(metric => 'rows')->data;
    is $rows->{method}, 'mean_absolute_deviation', 'most are equal';
    is_deeply [map { $_->{rows} } grep { $_->{outlier} } @{ $rows->{points} }], [2], 'the other one is out';
    is scalar @{ $trend->(metric => 'rows', limit => 3)->data->{points} }, 3, 'the latest three';
    is $trend->(metric => 'rows', limit => 3)->data->{points}[-1]{name}, 'Week 6', 'of them';
    is_deeply $trend->(metric => 'rows', tag => 'none')->data->{points}, [], 'a tag without snapshots';
    is_deeply [$trend->(metric => 'colour')->fields], ['metric'], 'a figure that none has';
    is_deeply [$trend->(metric => '$where')->fields], ['metric'], 'nor that';
    is_deeply [$boss->get('/api/reports/trend', query => { metric => 'rows' })->fields], ['tag'], 'a tag is needed';
};

# The worker killed as soon as a comparison is at a stage; it ends all the same, with one result.
subtest 'kill -9 of the worker' => sub {
    my %many = map { (sprintf('K%06d', $_) => random_item()) } 1 .. 30_000;
    store_items('KILL', \%many);
    my $from = snapshot('KILL', 'Kill before', sort => [{ field => 'stock_qty' }]);
    $many{$_}{qty} += 1_000_000 for keys %many;
    store_items('KILL', \%many);
    my $to = snapshot('KILL', 'Kill after');
    my $undisturbed = compare($from, $to, name => 'Undisturbed');
    is $undisturbed->{counts}{changed}, 30_000, 'every row changed';
    my %at = (
        'when it has begun' => sub { my ($job) = @_; return $job->{attempt} > 0 },
        'when it is noted' => sub { my ($job) = @_; return $mongo->count('report_block_owners', { job_id => $job->{job_id} }) },
        'when blocks are written' => sub { my ($job) = @_; return $mongo->count('report_compare_blocks', { owner => "$job->{job_id}.1" }) },
        'when it is published' => sub { my ($job) = @_; return $mongo->count('report_compare_jobs', { job_id => $job->{job_id} }) },
    );
    my $disturbed = 0;
    for my $stage (sort keys %at) {
        my $id = $boss->post('/api/reports/compare', { baseline_id => $from, comparison_id => $to, name => "Killed $stage" })->data->{job_id};
        my $job;
        wait_until { $job = $mongo->find_one('jobs', { job_id => $id }); $job->{status} eq 'succeeded' || $at{$stage}->($job) } 60, $stage;
        $stack->kill_part('worker');
        $stack->start_part('worker');
        my $ended = $exports->await_job($id);
        is $ended->{status}, 'succeeded', "killed $stage, it succeeds all the same";
        $disturbed++ if $ended->{attempts} > 1;
        my @heads = $mongo->find(report_compare_jobs => { job_id => $id });
        is scalar @heads, 1, 'with one result';
        my $seen = $boss->get("/api/reports/compare/$id", query => { limit => 1 })->data;
        is $seen->{digest}, $undisturbed->{digest}, 'the same as undisturbed';
        is scalar(rows_of($id)), 30_000, 'all of it';
        is_deeply [grep { $_ ne $heads[0]{owner} } map { "$id.$_" } grep { $mongo->count('report_compare_blocks', { owner => "$id.$_" }) } 1 .. 5], [],
            'and no blocks of a dead attempt';
    }
    ok $disturbed, "an attempt was killed in $disturbed of them";
};

done_testing;

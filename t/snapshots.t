#!/usr/bin/perl
# Snapshots: what stands in the database at one instant, kept, paged, refreshed and deleted; written to meanwhile, and
# with the worker killed at every stage.
use lib 't/lib';
use Digest::SHA 'sha256_hex';
use StockVerify::Test;
use StockVerify::Quantity qw(millionths);

my $stack = start_stack(settings => { JOB_CLAIM => 900, JOB_RETRY_DELAY => 20, SYNC_RATE_LIMIT => 0 });
my $boss = $stack->login('supervisor');
my $mongo = $stack->mongo;
my @items = $stack->demo('items');

sub request { my (%body) = @_; return $boss->post('/api/reports/snapshots', \%body) }

sub take {
    my (%body) = @_;
    my $answer = $boss->post('/api/reports/snapshots', \%body, headers => { Prefer => 'wait=30' });
    is $answer->status, 201, "$body{name} is taken" or diag $answer->text;
    return $answer->data;
}

sub rows_of {
    my ($id, $limit) = @_;
    my (@rows, $cursor);
    do {
        my $page = $boss->get("/api/reports/snapshots/$id", query => { limit => $limit, defined $cursor ? (cursor => $cursor) : () })->data or return @rows;
        push @rows, @{ $page->{items} };
        $cursor = $page->{next_cursor};
    } while (defined $cursor);
    return @rows;
}

sub ended {
    my ($job_id) = @_;
    my $job;
    wait_until { $job = $boss->get("/api/jobs/$job_id")->data; $job->{status} !~ /^(?:queued|running)$/ } 60, "the end of $job_id";
    return $job;
}

subtest 'who may' => sub {
    my $asha = $stack->login('staff');
    is $asha->post('/api/reports/snapshots', { name => 'x', query => { collection => 'erp_items' } })->status, 403, 'staff may not';
    is $asha->get('/api/reports/snapshots')->status, 403, 'nor look';
    is_deeply [request()->fields], [qw(name query)], 'a name and a query';
    is_deeply [request(name => 'x', query => { collection => 'users' })->fields], ['query.collection'], 'of what is offered';
    is_deeply [request(name => 'x', query => { collection => 'erp_items', filters => [{ field => '$where', op => 'eq', value => 1 }] })->fields],
        ['query.filters[0].field'], 'and nothing else';
    is_deeply [request(name => 'x', tags => ['a', "b\nc"], query => { collection => 'erp_items' })->fields], ['tags[1]'], 'tags are words';
    for my $id ('nothing', '%24ne', "%27%22", '6b1f0c6e-2b0e-4a5c-9c55-0f3ad1c7f5d2.1') {
        is $boss->get("/api/reports/snapshots/$id")->status, 404, "there is no $id";
        is $boss->del("/api/reports/snapshots/$id")->status, 404, 'to delete';
        is $boss->post("/api/reports/snapshots/$id/refresh")->status, 404, 'or take again';
    }
    is $boss->get("/api/reports/snapshots/$_")->status, 400, "$_ is no id" for 'a%00b', '..%2F..%2Fjobs', '%ff';
};

subtest 'a snapshot is what the database holds' => sub {
    my $head = take(name => 'Stock', description => "all\nof it", tags => [qw(daily stock)],
        query => { collection => 'erp_items', fields => ['item_name', 'stock_qty', 'unit_cost', 'updated_at'] });
    my @expected = map { plain($_) } $mongo->find('erp_items', {}, sort => { item_code => 1 });
    is $head->{rows}, scalar @expected, 'every row';
    for my $limit (500, 37) {
        my @got = rows_of($head->{snapshot_id}, $limit);
        is_deeply [map { [@$_{qw(item_code item_name updated_at)}, millionths($_->{stock_qty}), millionths($_->{unit_cost})] } @got],
            [map { [@$_{qw(item_code item_name updated_at)}, millionths($_->{stock_qty}), millionths($_->{unit_cost})] } @expected], "in pages of $limit";
    }
    my $sum = 0;
    $sum += millionths($_->{stock_qty}) for @expected;
    is millionths($head->{totals}{stock_qty}), $sum, 'the total is theirs';
    is_deeply [@$head{qw(name description version previous_id collection)}], ['Stock', "all\nof it", 1, undef, 'erp_items'], 'it says what it is';
    is_deeply $head->{tags}, [qw(daily stock)], 'its tags';
    is $head->{created_by}{user_id}, $boss->user_id, 'and who took it';
    like $head->{digest}, qr/^[0-9a-f]{64}$/, 'and what its rows are';
    is $boss->get("/api/reports/snapshots/$head->{snapshot_id}", query => { cursor => $_ })->code, 'cursor_invalid', "cursor $_" for 'x', '-1', 999_999_999, '1e3', $head->{rows};

    $mongo->update('erp_items', { item_code => $items[0]{item_code} }, { '$inc' => { stock_qty => { '$numberDecimal' => '1.5' } } });
    my @again = rows_of($head->{snapshot_id}, 500);
    my ($row) = grep { $_->{item_code} eq $items[0]{item_code} } @again;
    is millionths($row->{stock_qty}), millionths($items[0]{stock_qty}), 'it does not change with the database';

    my $answer = $boss->post("/api/reports/snapshots/$head->{snapshot_id}/refresh", undef, headers => { Prefer => 'wait=30' });
    is $answer->status, 201, 'taken again' or diag $answer->text;
    my $next = $answer->data;
    is_deeply [@$next{qw(name version previous_id)}], ['Stock', 2, $head->{snapshot_id}], 'as the next version';
    is $answer->header('Location'), "/api/reports/snapshots/$next->{snapshot_id}", 'its place';
    is millionths($next->{totals}{stock_qty}), $sum + 1_500_000, 'with what changed';
    isnt $next->{digest}, $head->{digest}, 'and another digest';
    is $boss->get("/api/reports/snapshots/$head->{snapshot_id}")->status, 200, 'the old one stays';

    is $boss->del("/api/reports/snapshots/$head->{snapshot_id}")->status, 200, 'until it is deleted';
    is $boss->get("/api/reports/snapshots/$head->{snapshot_id}")->status, 404, 'gone';
    is $boss->del("/api/reports/snapshots/$head->{snapshot_id}")->status, 404, 'once';
    is scalar(rows_of($next->{snapshot_id}, 500)), scalar @expected, 'the new one has its own rows';
};

subtest 'groups, links, nothing at all' => sub {
    my $head = take(name => 'By category', query => { collection => 'erp_items', group_by => ['category'], aggregations => [{ op => 'sum', field => 'stock_qty' }] });
    my @rows = rows_of($head->{snapshot_id}, 500);
    my %expected;
    $expected{ $_->{category} // '' } += millionths($_->{stock_qty}) for map { plain($_) } $mongo->find('erp_items', {});
    is_deeply { map { ($_->{category} // '' => millionths($_->{sum_stock_qty})) } @rows }, \%expected, 'grouped';
    is_deeply [map { $_->{name} } grep { $_->{grouped} } @{ $head->{columns} }], ['category'], 'by its key';
    my $linked = take(name => 'Racks', query => { collection => 'rack_items', fields => ['item_name', 'floor'] });
    my %name = map { ($_->{item_code} => $_->{item_name}) } @items;
    is_deeply [grep { $_->{item_name} ne $name{ $_->{item_code} } } rows_of($linked->{snapshot_id}, 500)], [], 'with names of the items';
    is $linked->{rows}, scalar $stack->demo('expected'), 'every line of it';
    my $none = take(name => 'None', query => { collection => 'erp_items', filters => [{ field => 'item_code', op => 'eq', value => 'nothing' }] });
    is_deeply [rows_of($none->{snapshot_id}, 50)], [], 'no rows are a snapshot, too';
};

subtest 'lists' => sub {
    my @ids = map { take(name => "n$_", tags => ['listed'], query => { collection => 'sessions' })->{snapshot_id} } 1 .. 5;
    my (@got, $cursor);
    do {
        my $page = $boss->get('/api/reports/snapshots', query => { tag => 'listed', limit => 2, defined $cursor ? (cursor => $cursor) : () })->data;
        push @got, map { $_->{snapshot_id} } @{ $page->{items} };
        $cursor = $page->{next_cursor};
    } while (defined $cursor);
    is_deeply \@got, [reverse @ids], 'by tag, latest first';
    my $middle = $boss->get("/api/reports/snapshots/$ids[2]")->data->{created_at};
    my @since = map { $_->{snapshot_id} } @{ $boss->get('/api/reports/snapshots', query => { tag => 'listed', from => $middle })->data->{items} };
    is_deeply \@since, [reverse @ids[2 .. 4]], 'since then';
    my @before = map { $_->{snapshot_id} } @{ $boss->get('/api/reports/snapshots', query => { tag => 'listed', to => $middle })->data->{items} };
    is_deeply \@before, [reverse @ids[0, 1]], 'and before';
    is_deeply $boss->get('/api/reports/snapshots', query => { tag => 'nobody\'s' })->data->{items}, [], 'of no other tag';
};

subtest 'asked for twice, taken once' => sub {
    my %body = (name => 'Twice', query => { collection => 'erp_items' });
    $stack->pause_part('worker');
    my @jobs = map { $_->data->{job_id} } map { request(%body) } 1 .. 3;
    is_deeply [@jobs[1, 2]], [@jobs[0, 0]], 'one job';
    my $promised = $boss->get("/api/jobs/$jobs[0]")->data->{resource};
    is "$promised->{type} $promised->{url}", "snapshot /api/reports/snapshots/$promised->{id}", 'says at once what it will make';
    isnt request(%body, name => 'Other')->data->{job_id}, $jobs[0], 'another is another';
    $stack->cont_part('worker');
    my $job = ended($jobs[0]);
    is $job->{status}, 'succeeded', 'it is taken';
    is_deeply $job->{resource}, $promised, 'and found there';
    isnt request(%body)->data->{job_id}, $jobs[0], 'later it is a new one';
};

# ---- written to meanwhile, and killed: many rows between the first and the last

my $ROWS = 60_000;
for my $part (0 .. $ROWS / 2000 - 1) {
    my @documents = map {
        { client_record_id => sprintf('m-%06d', $part * 2000 + $_), session_id => 's', count_id => 'c', rack_id => 'filler', item_code => "I$_", warehouse => 'FILL',
          floor => 'F', user_id => 'u', verified_qty => { '$numberDecimal' => '0' }, damage_qty => { '$numberDecimal' => '0' }, status => 'finalized',
          superseded => \0, round => { '$numberLong' => '1' }, created_at => { '$date' => '2026-01-05T08:00:00Z' } }
    } 0 .. 1999;
    $mongo->run(insert => 'verification_records', documents => \@documents);
}

subtest 'one instant, while people sync' => sub {
    # Pairs of figures that add up to 100 in every transaction: one before all the rest, one behind it.
    my $PAIRS = 20;
    my ($asha) = $stack->login('staff');
    my @codes = map { $_->{item_code} } grep { $_->{serial_tracked} !~ /^(?:true|1|yes)$/i } @items;
    my $session = $asha->post('/api/racks/' . $stack->rack . '/claim', {})->data->{session_id};
    my $revision = 0;
    my $batch = sub {
        $revision++;
        return { records => [map {
            my ($pair, $first) = ($_, ($revision * 7 + $_ * 13) % 101);
            map { { client_record_id => "$$_[0]-pair-$pair", session_id => $session, item_code => $$_[1], verified_qty => $$_[2], revision => $revision, status => 'finalized',
                    created_at => '2026-01-05T08:00:00Z', updated_at => '2026-01-05T08:00:00Z' } }
                ['a', $codes[2 * $pair], $first], ['z', $codes[2 * $pair + 1], 100 - $first];
        } 0 .. $PAIRS - 1] };
    };
    is scalar @{ $asha->post('/api/sync/batch', $batch->())->data->{ok} }, 2 * $PAIRS, 'the pairs stand';
    my ($synced, @bad, @heads) = (0);
    my %query = (collection => 'verification_records', fields => ['verified_qty', 'revision']);
    for my $round (1 .. 6) {
        my $job_id = $boss->post('/api/reports/snapshots', { name => "Instant $round", query => \%query })->data->{job_id};
        my $before = $synced;
        do {
            my $answer = $asha->post('/api/sync/batch', $batch->());
            $answer->status == 200 && @{ $answer->data->{ok} } == 2 * $PAIRS ? $synced++ : push @bad, $answer->text;
        } until $boss->get("/api/jobs/$job_id")->data->{status} !~ /^(?:queued|running)$/;
        my $job = ended($job_id);
        is $job->{status}, 'succeeded', "snapshot $round beside " . ($synced - $before) . ' batches' or diag explain $job;
        push @heads, $boss->get("/api/reports/snapshots/$job->{resource}{id}", query => { limit => 1 })->data;
    }
    is_deeply \@bad, [], 'people go on';
    cmp_ok $synced, '>', 6, "$synced batches were synced meanwhile";
    is_deeply [map { millionths($_->{totals}{verified_qty}) } @heads], [(100_000_000 * $PAIRS) x 6], 'every pair adds up in every snapshot';
    my (%revisions, $rows);
    for my $row (rows_of($heads[-1]{snapshot_id}, 500)) {
        $rows++;
        $revisions{ $row->{revision} }++ if $row->{client_record_id} =~ /-pair-/;
    }
    is $rows, $ROWS + 2 * $PAIRS, 'all rows';
    is_deeply [values %revisions], [2 * $PAIRS], 'of one batch and no other';
};

subtest 'the worker killed at every stage' => sub {
    my %query = (collection => 'verification_records', fields => [qw(item_code verified_qty status created_at rack_id floor)],
        filters => [{ field => 'warehouse', op => 'eq', value => 'FILL' }]);
    my $reference = take(name => 'Reference', query => \%query);
    my %stages = (
        'when it has begun' => sub { my ($job, $id) = @_; return $job->{status} eq 'running' },
        'with blocks written' => sub { my ($job, $id) = @_; return $mongo->find_one('report_snapshot_blocks', { snapshot_id => "$id.1" }, projection => { n => 1 }) },
        'half way' => sub { my ($job, $id) = @_; return ($job->{progress} || {})->{done} && $job->{progress}{done} > $ROWS / 2 },
        'when it is published' => sub { my ($job, $id) = @_; return $mongo->find_one('report_snapshots', { snapshot_id => $id }, projection => { rows => 1 }) },
    );
    for my $stage (sort keys %stages) {
        my $job_id = request(name => "Killed $stage", query => \%query)->data->{job_id};
        my $id = $mongo->find_one('jobs', { job_id => $job_id })->{params}{snapshot_id};
        my $job;
        wait_until { $job = $mongo->find_one('jobs', { job_id => $job_id }); $stages{$stage}->($job, $id) || $job->{status} eq 'succeeded' } 60, $stage;
        $stack->kill_part('worker');
        my $blocks = $mongo->count('report_snapshot_blocks', { snapshot_id => { '$in' => ["$id.1"] } });
        $stack->start_part('worker');
        $job = ended($job_id);
        is $job->{status}, 'succeeded', "killed $stage ($blocks blocks, $job->{attempts} attempts)";
        is $job->{resource}{id}, $id, 'the snapshot that was promised';
        my $head = $boss->get("/api/reports/snapshots/$id", query => { limit => 1 })->data;
        is_deeply [@$head{qw(rows digest)}], [@$reference{qw(rows digest)}], 'whole';
        is $mongo->count('report_snapshots', { job_id => $job_id }), 1, 'and once';
        my $owner = $mongo->find_one('report_snapshots', { snapshot_id => $id })->{owner};
        my %owners = map { ($_->{_id} => $_->{n}) } $mongo->aggregate('report_snapshot_blocks',
            [{ '$match' => { snapshot_id => { '$in' => [map { "$id.$_" } 1 .. 9] } } }, { '$group' => { _id => '$snapshot_id', n => { '$sum' => 1 } } }]);
        is_deeply \%owners, { $owner => $mongo->find_one('report_snapshots', { snapshot_id => $id })->{blocks} }, 'nothing is left of the killed attempt';
    }
};

subtest 'cancelled' => sub {
    my $job_id = request(name => 'Cancelled', query => { collection => 'verification_records' })->data->{job_id};
    my $id = $mongo->find_one('jobs', { job_id => $job_id })->{params}{snapshot_id};
    wait_until { $mongo->find_one('report_snapshot_blocks', { snapshot_id => "$id.1" }, projection => { n => 1 })
        || $mongo->find_one('jobs', { job_id => $job_id })->{status} !~ /^(?:queued|running)$/ } 60, 'blocks';
    my $asked = $boss->del("/api/jobs/$job_id")->status;
    my $job = ended($job_id);
    if ($job->{status} eq 'cancelled') {
        is $boss->get("/api/reports/snapshots/$id")->status, 404, 'there is no snapshot';
        is $mongo->count('report_snapshot_blocks', { snapshot_id => "$id.1" }), 0, 'nor anything of it';
    } else {
        is "$job->{status} $asked", 'succeeded ' . ($asked == 409 ? 409 : 200), 'it was faster';
    }
};

done_testing;

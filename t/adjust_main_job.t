#!/usr/bin/perl
# From a blind count of two floors to the books of an ERP: twenty people count, some badly; a tolerance asks for recounts, which
# others do; racks are excluded, one is empty; goods move meanwhile; a phone is late; what is undecided bars the approval, and
# one set of differences reaches the ERP once, while the worker, the ERP and nginx are killed. In the end the ERP has what was
# counted and what moved since, to the last unit, and every page and report said the same all along.
use utf8;
use lib 't/lib';
use List::Util qw(sum0);
use StockVerify::Test;
use StockVerify::Events;
use StockVerify::MailServer;
use StockVerify::PostedErp;
use StockVerify::Quantity qw(millionths number);

my ($PEOPLE, $ITEMS, $TOLERANCE) = (20, 10, 5);
# Half of the books end in this, nothing that is counted does: where a counter sees it, or what is missing to a whole, a book was told.
my $MARK  = 432_119;
my $TRACE = qr/\.(?:432119|567881)/;
my ($EMPTY, $OF_SUE, @EXCLUDED) = (19, 20, 21, 22);    # racks: of the last person, of the supervisor, of nobody

# ---- the ERP
my $erp = StockVerify::PostedErp->new;
$erp->pause_for(of_writing => 0.03);

my $files = File::Temp->newdir;
my $movements = <<'CONF';

[movements]
SELECT movement_id, item_code, warehouse, lot, qty, moved_at AT TIME ZONE 'UTC' AS moved_at, adjustment_id FROM stock_movements
WHERE moved_at >= CAST(:from AS timestamptz) AND moved_at < CAST(:to AS timestamptz) ORDER BY warehouse, moved_at
CONF
my $mapping = do { open my $in, '<', 'conf/erp/postgresql.conf' or die "postgresql.conf: $!\n"; local $/; <$in> };
my $mail = StockVerify::MailServer->new->start;
my $stack = start_stack(settings => {
    $mail->settings, ERP_WRITE_BACK => 'on', ERP_STATEMENT_TIMEOUT => 10, ERP_SYNC_INTERVAL => 0, ERP_MAPPING => write_file("$files/mapping", $mapping . $movements),
    ERP_CONNECTION_FILE => write_file("$files/connection", $erp->connection_string . "\n"), JOB_CLAIM => 1000, JOB_RETRY_DELAY => 100,
    SYNC_RATE_LIMIT => 0, WORKER_TOTALS_INTERVAL => 50, WORKER_AUDIT_INTERVAL => 100, PUBLIC_URL => 'https://stock.example.com',
});
$stack->expect_log(qr/adjustment\.(?:refused|delayed)|erp\.(?:failing|silent)|job\.(?:failed|retry)/);
my $mongo = $stack->mongo;
my ($sue, $sam, $admin) = ($stack->login('supervisor'), $stack->login('supervisor'), $stack->login('admin'));
my $warehouse = ($stack->demo('racks'))[0]{warehouse};
my @people = map { $stack->login($_->{username}) } (grep { $_->{warehouse} eq $warehouse } $stack->users('staff'))[0 .. $PEOPLE - 1];
is scalar(grep { $_ } @people), $PEOPLE, 'twenty people of one warehouse';

# ---- the truth, in millionths: what the books say on each rack, what stands there, what moves
my @racks = map { sprintf 'MJ-%02d', $_ } 0 .. $EXCLUDED[-1];
my (%book, %stands, %before, %since);    # {rack}{code}, {rack}{code}, {code}, {code}

sub code { my ($rack, $item) = @_; return sprintf 'MJ-%02d-%d', $rack, $item }
sub shared { my ($n) = @_; return "MJ-SHARED-$n" }    # on a rack that is counted and on one that is excluded

for my $r (0 .. $#racks) {
    for my $k (0 .. $ITEMS - 1) {
        my $whole = (20 + ($r * 7 + $k * 3) % 40) * 1_000_000;
        $book{$r}{ code($r, $k) } = $whole + ($k % 2 ? $MARK : 0);
        $stands{$r}{ code($r, $k) } = $whole + ($k == 3 ? -4_000_000 : $k == 4 && $r < 10 ? -8_000_000 : 0);    # a little less, and much less
    }
}
for my $n (0, 1) {
    $book{$n}{ shared($n) } = 9_000_000 + $MARK;
    $stands{$n}{ shared($n) } = 9_000_000;
    $book{ $EXCLUDED[$n] }{ shared($n) } = 30_000_000 + $MARK;
}
$stands{$EMPTY} = { map { ($_ => 0) } keys %{ $book{$EMPTY} } };

my %codes = map { ($_ => 1) } map { keys %$_ } values %book;
sub on_books { my ($code) = @_; return sum0(map { $_->{$code} // 0 } values %book) }

sub fill_erp {
    my @values = map { my $code = $_; ["('$code', 'Item $code', NULL, 'Main job', 'PCS', 2, false)", "('$code', '$warehouse', '', " . sprintf('%.6f', number(on_books($code))) . ')'] } sort keys %codes;
    $erp->sql('INSERT INTO items VALUES ' . join(",\n", map { $_->[0] } @values) . ";\nINSERT INTO stock VALUES " . join(",\n", map { $_->[1] } @values) . ';');
    import_erp('--full');
    return;
}

sub import_erp {
    my ($out, $status) = $stack->ctl(['erp', 'import', @_]);
    is $status, 0, 'an import is asked for' or BAIL_OUT($out);
    return is await_job(job_id_in($out))->{status}, 'succeeded', 'what the ERP has is imported';
}

sub await_job {
    my ($id) = @_;
    my $job;
    wait_until { $job = $mongo->find_one('jobs', { job_id => $id }); !$job->{pending} } 120, "job $id to end";
    return $job;
}

sub import_racks {
    my $floor = sub { return $_[0] % 2 ? 'Upper' : 'Lower' };
    my $run = sub { my ($out, $status) = $stack->ctl([@_]); is $status, 0, "@_[0, 1]" or BAIL_OUT($out) };
    $run->('warehouses', 'set', $warehouse, '--rack-books', 'yes', '--currency', 'INR');
    $run->('racks', 'import', write_file("$files/racks.csv", join "\n", 'rack_id,warehouse,floor,zone', map({ "$racks[$_],$warehouse," . $floor->($_) . ',Z' } 0 .. $#racks), ''));
    $run->('racks', 'expect', write_file("$files/expected.csv", join "\n", 'rack_id,item_code,book_qty', map({ my $r = $_; map { "$racks[$r],$_," . number($book{$r}{$_}) } sort keys %{ $book{$r} } } 0 .. $#racks), ''));
    return;
}

# Goods come or go, in the ERP's books and on the rack.
sub moves {
    my ($of, $code, $qty) = @_;
    $of->{$code} += $qty;
    my $number = number($qty);
    $erp->sql("INSERT INTO stock_movements (movement_id, item_code, warehouse, lot, qty) VALUES ('move-$code-$number', '$code', '$warehouse', '', $number);"
        . "UPDATE stock SET qty = qty + $number, changed_at = now() WHERE item_code = '$code' AND warehouse = '$warehouse'");
    return;
}

# ---- people with phones
my ($made, $answers, %leaks) = (0, 0);
$stack->{ua}->on(start => sub {
    my (undef, $tx) = @_;
    my $bearer = $tx->req->headers->authorization // '';
    return unless grep { $bearer eq 'Bearer ' . $_->token } @people;
    $tx->on(finish => sub { $answers++; $leaks{ $tx->req->method . ' ' . $tx->req->url->path }++ if $tx->res->body =~ $TRACE });
});

sub figure {
    my ($session, $code, $qty, %member) = @_;
    my $at = '2026-01-05T08:00:00Z';
    return { client_record_id => 'main-' . ++$made, session_id => $session, item_code => $code, verified_qty => number($qty), status => 'finalized', revision => 1, created_at => $at, updated_at => $at, %member };
}

sub claim {
    my ($who, $r, %body) = @_;
    my $answer = $who->post("/api/racks/$racks[$r]/claim", {%body});
    is $answer->status, 200, "$racks[$r] is claimed" or diag $answer->text;
    return $answer->data->{session_id};
}

sub sends {
    my ($who, $left, @records) = @_;
    my $answer = $who->post('/api/sync/batch', { left => $left, records => \@records });
    return is_deeply $answer->data->{ok}, [map { $_->{client_record_id} } @records], 'stored' || diag $answer->text;
}

sub completes {
    my ($who, $session, $records) = @_;
    return is $who->post("/api/sessions/$session/complete", { $records ? (records => $records) : () })->status, 200, 'completed';
}

# ---- the supervisors' pages
my $count;

sub page_by_page {
    my ($who, $path, %query) = @_;
    my ($cursor, @items);
    do {
        my $answer = $who->get($path, query => { limit => 500, %query, $cursor ? (cursor => $cursor) : () });
        is $answer->status, 200, $path or diag $answer->text;
        push @items, @{ $answer->data->{items} };
        $cursor = $answer->data->{next_cursor};
    } while $cursor;
    return @items;
}

sub at_rest { return wait_until { !$mongo->count('touched_items', { count_id => $count }) } 60, 'the totals to be at rest' }
sub review { my (%query) = @_; at_rest(); return page_by_page($sue, "/api/sessions/$count/review", %query) }
sub bars { return $sue->get("/api/sessions/$count/review")->data }

sub accepts {
    my ($who, @lines) = @_;
    my %code;
    while (my @some = splice @lines, 0, 100) {
        my $answer = $who->post("/api/sessions/$count/review/accept", { lines => [map { { item_code => $_->{item_code}, lot => $_->{lot}, version => $_->{version} } } @some], note => 'as counted' });
        $code{ $_->{item_code} } = $_->{code} for $answer->status == 200 ? grep { !$_->{success} } @{ $answer->data->{lines} } : map { { item_code => $_->{item_code}, code => $answer->code } } @some;
    }
    return %code;    # refused: why
}

sub undecided { return grep { $_->{undecided} } review() }
sub ask_approval { my ($who) = @_; return $who->post("/api/sessions/$count/approve", { note => 'Half-year' }) }
sub status { return $mongo->find_one('sessions', { session_id => $count })->{status} }

# ---- what everything said at one moment
sub sums { return (scalar(@_), sum0(@_), sum0(map { abs } @_)) }    # lines, net, gross

sub sum_said { my ($rows) = @_; my ($sum) = grep { ($_->{uom} // '') eq 'PCS' } @$rows; return $sum ? (map { millionths($_) } @$sum{qw(net gross)}) : (0, 0) }

# The mailed report as its reader adds it up.
sub mailed_sums {
    my ($schedule) = @_;
    my $run = $sue->post("/api/reports/schedules/$schedule/run", undef, headers => { Prefer => 'wait=30' });
    is $run->status, 201, 'a report is made' or diag $run->text;
    my ($delivery, $got);
    wait_until { ($delivery) = grep { $_->{job_id} eq $run->data->{job_id} && $_->{status} eq 'sent' } @{ $sue->get("/api/reports/schedules/$schedule/deliveries")->data->{items} } } 60, 'it to be mailed';
    my ($head, @rows) = split /\r\n/, $sue->get('/api/jobs/' . $run->data->{job_id} . '/result')->body;
    my %place = do { my $n = 0; map { ($_ => $n++) } split /,/, $head };
    my ($of_code, $of_variance) = @place{qw(item_code variance)};
    $got = { map { my @cells = map { s/^"|"$//gr } split /,/; ($cells[$of_code] => $cells[$of_variance]) } @rows };
    my $last = ($mail->mails('books@example.com'))[-1];
    is scalar @{ $last->{attachments} }, 1, 'with the file';
    return sums(map { millionths($_) } map { $got->{$_} } grep { /^MJ-/ } keys %$got);
}

sub all_say {
    my ($when, $schedule) = @_;
    my @lines = review();
    my @told = sums(map { millionths($_->{variance}) } grep { $_->{variance} } @lines);
    my $summary = bars()->{summary};
    my $of_pieces = sub { my ($sum) = grep { ($_->{uom} // '') eq 'PCS' } @{ $summary->{ $_[0] }{quantities} }; return millionths($sum->{quantity} // 0) };
    is_deeply [map { $of_pieces->($_) } qw(net gross)], [@told[1, 2]], "$when: the review's sums are those of its lines" or diag explain $summary, $lines[0];
    my $variances = $sue->get('/api/erp/items/variances', query => { count_id => $count, min_qty => '0.000001' })->data->{totals};
    is_deeply [$variances->{lines}, sum_said($variances->{quantity})], \@told, "$when: so are the variances";
    my $analytics = $sue->get('/api/sessions/analytics', query => { count_id => $count })->data->{total};
    is_deeply [sum_said($analytics->{quantity})], [@told[1, 2]], "$when: so are the analytics";
    is_deeply [mailed_sums($schedule)], \@told, "$when: so is the mailed report";
    my $kpis = $sue->get('/api/admin/kpis', query => { warehouse => $warehouse })->data;
    my $open = $sue->get('/api/sync/conflicts', query => { status => 'open' })->data->{items};
    is_deeply [$kpis->{waiting}{conflicts}, @{ $kpis->{counts} }{qw(open reconcile)}], [scalar @$open, status() eq 'OPEN' ? 1 : 0, status() eq 'RECONCILE' ? 1 : 0], "$when: so are the figures of the dashboard";
    return @told;
}

# ---- the job
fill_erp();
import_racks();
my %listener = map { my ($name, $who, $topics) = @$_; ($name => { who => $who, topics => $topics, events => [], stream => StockVerify::Events->open($stack, $who, topics => $topics)->ready }) }
    ['supervisor', $sue, 'global:notifications'], ['counter', $people[5], 'global:notifications,floor,rack:updates:*'];
my $schedule;

# All that a listener heard by now; a stream that nginx took with it is taken up where it was.
sub heard {
    my ($listener) = @_;
    while (1) {
        while (my $event = $listener->{stream}->next(undef, 1)) { push @{ $listener->{events} }, $event }
        last unless $listener->{stream}{ended};
        $listener->{stream} = StockVerify::Events->open($stack, $listener->{who}, topics => $listener->{topics}, headers => { 'Last-Event-ID' => $listener->{stream}->place });
    }
    return @{ $listener->{events} };
}

subtest 'a blind count of two floors, and whose racks are whose' => sub {
    my $opened = $sue->post('/api/sessions', { warehouse => $warehouse, racks => \@racks, blind => \1, name => 'Half-year', tolerance => { quantity => $TOLERANCE, different_user => \1 } });
    is $opened->status, 201, 'opened' or BAIL_OUT($opened->text);
    $count = $opened->data->{session_id};
    wait_until { $mongo->find_one('sessions', { session_id => $count })->{book_state} eq 'frozen' } 60, 'its book';
    is $sue->put("/api/sessions/$count/assignments", { assignments => [map { { rack_id => $racks[$_], user_id => $people[$_]->user_id } } 0 .. $#people] })->status, 200, 'racks are assigned';
    is_deeply [map { $people[$_]->get('/api/racks/available', query => { limit => 2 })->data->{items}[0]{rack_id} } 0 .. $#people], [@racks[0 .. $#people]], 'each sees their own first';
    my $made = $sue->post('/api/reports/schedules', { name => 'Variances', cron => '0 6 1 1 *', time_zone => 'Asia/Kolkata', type => 'variance', format => 'csv', filters => { count_id => $count }, recipients => ['books@example.com'] });
    is $made->status, 201, 'a report is to be mailed' or diag $made->text;
    $schedule = $made->data->{schedule_id};
    moves(\%before, code($_, 6), 3_000_000) for 10 .. 18;
    import_erp();
};

my %session;    # of a rack's first round
subtest 'twenty people count, some badly' => sub {
    $session{$_} = claim($people[$_], $_, count_id => $count) for 0 .. $#people;
    for my $r (0 .. $#people - 1) {
        my @records = map {
            my $bad = $r < 10 && $_ eq code($r, 5) ? 20_000_000 : 0;    # somebody's eyes
            figure($session{$r}, $_, $stands{$r}{$_} + ($before{$_} // 0) + $bad);
        } sort keys %{ $stands{$r} };
        sends($people[$r], 5, @records[0 .. 4]);
        sends($people[$r], 0, @records[5 .. $#records]);
        completes($people[$r], $session{$r}, scalar @records);
    }
    my $excluded = $sue->post("/api/sessions/$count/review/exclude", { racks => [@racks[@EXCLUDED]], reason => 'being rebuilt' });
    is $excluded->status, 200, 'two racks are excluded' or diag $excluded->text;
    is $people[$EMPTY]->post("/api/racks/$racks[$EMPTY]/empty", { session_id => $session{$EMPTY} })->status, 200, 'one says that nothing is there';
    completes($people[$EMPTY], $session{$EMPTY});
    my $own = $session{$OF_SUE} = claim($sue, $OF_SUE, count_id => $count);
    sends($sue, 0, map { figure($own, $_, $stands{$OF_SUE}{$_}) } sort keys %{ $stands{$OF_SUE} });
    completes($sue, $own);
    my ($twice) = figure($session{11}, code(11, 0), 1_000_000);
    is $people[11]->post('/api/sync/batch', { left => 0, records => [$twice] })->data->{conflicts}[0]{type}, 'duplicate_count', 'one counts twice: a conflict';
    all_say('counted', $schedule);
};

sub recounts { return map { $_->{rack_id} => $_ } @{ $sue->get("/api/sessions/$count/recounts")->data->{recounts} } }

# Somebody else counts the rack's items again: right, this time.
sub recount {
    my ($r, $asked) = @_;
    my $other = $people[($r + 7) % 19];
    is $people[$r]->post("/api/racks/$racks[$r]/claim", { recount => \1 })->code, 'recount_other_user', 'not who counted it';
    my $again = claim($other, $r, recount => \1, count_id => $count);
    my @codes = sort @{ $asked->{item_codes} };
    if ($r == $EMPTY) {
        is $other->post("/api/racks/$racks[$r]/empty", { session_id => $again })->status, 200, 'still nothing there';
    } else {
        sends($other, 0, map { figure($again, $_, $stands{$r}{$_}) } @codes);
    }
    return completes($other, $again);
}

subtest 'the tolerance asks, others settle half' => sub {
    at_rest();
    my %asked = recounts();
    is_deeply [sort keys %asked], [sort @racks[0 .. 9], $racks[$EMPTY]], 'where it differs by too much it is to be counted again';
    is_deeply [map { $_->{asked_by} } values %asked], [map { undef } values %asked], 'which nobody asked for';
    is_deeply [sort @{ $asked{ $racks[3] }{item_codes} }], [code(3, 4), code(3, 5)], 'what is missing, and what was counted badly';
    recount($_, $asked{ $racks[$_] }) for 0 .. 4;
    at_rest();
    my %state = map { my %now = recounts(); $now{ $racks[$_] }{state} => 1 } 0 .. 4;
    is_deeply [keys %state], ['done'], 'half is settled';
    ok $sue->post('/api/sessions/bulk/reconcile', { session_ids => [$count] })->data->{results}[0]{success}, 'the count is reconciled';
    my $refused = ask_approval($sue);
    is $refused->code, 'undecided', 'and not approved while the rest is asked for' or diag $refused->text;
    my %reason = map { ($_->{reason} => 1) } @{ bars()->{blocked_by} };
    ok $reason{recount} && $reason{conflict}, 'nor while a conflict is open' or diag explain \%reason;
    recount($_, $asked{ $racks[$_] }) for 5 .. 9, $EMPTY;
    all_say('recounted', $schedule);
};

subtest 'how the lines stand' => sub {
    my ($conflict) = @{ $sue->get('/api/sync/conflicts', query => { status => 'open' })->data->{items} };
    is $sue->post("/api/sync/conflicts/$conflict->{conflict_id}/resolve", { action => 'keep_server' })->status, 200, 'the conflict is resolved';
    all_say('settled', $schedule);
    my %state = map { ($_->{item_code} => $_) } review();
    is_deeply [@{ $state{ code(21, 0) } }{qw(state variance)}], ['not_counted', undef], 'what nobody counted is not zero';
    is millionths($state{ shared(0) }{variance}), -$MARK, 'what stands on an excluded rack is not missing';
    is_deeply [@{ $state{ code(3, 5) } }{qw(state counted)}], ['recounted', number($stands{3}{ code(3, 5) })], 'the last round counts';
};

subtest 'nobody accepts a line that is theirs' => sub {
    my %refused = accepts($sue, undecided());
    my @own = ((grep { on_books($_) != $stands{$OF_SUE}{$_} } sort keys %{ $stands{$OF_SUE} }));
    is_deeply [sort keys %refused], [sort @own], 'what Sue counted waits for somebody else';
    is_deeply { map { ($_ => 1) } values %refused }, { own_count => 1 }, 'for that reason';
    is_deeply [sort map { $_->{item_code} } undecided()], [sort @own], 'the rest is accepted';
    my $approval = ask_approval($sam);
    is $approval->code, 'undecided', 'it is not approved meanwhile';
    is_deeply [sort $approval->fields], [sort @own], 'and the lines are named';
    is_deeply { accepts($sam, undecided()) }, {}, 'Sam accepts them';
};

subtest 'the approval waits for a phone' => sub {
    my ($late, $r) = ($people[12], 12);
    my @edits = map { figure($session{$r}, code($r, $_), $stands{$r}{ code($r, $_) } + ($before{ code($r, $_) } // 0) - 1_000_000) } 7 .. 9;
    my ($first) = @edits;
    for my $edit (@edits) {
        my $stored = $mongo->find_one('verification_records', { session_id => $session{$r}, item_code => $edit->{item_code} });
        @{$edit}{qw(client_record_id revision)} = ($stored->{client_record_id}, 2);
        $stands{$r}{ $edit->{item_code} } -= 1_000_000;
    }
    sends($late, 2, $first);
    at_rest();
    is_deeply { accepts($sue, undecided()) }, {}, 'what came is decided';
    is_deeply [map { "$_->{user_id} $_->{left}" } @{ bars()->{unsent} }], [$late->user_id . ' 2'], 'it has two more, says the review';
    my $asked = ask_approval($sue);
    is $asked->status, 202, 'an approval' or diag $asked->text;
    wait_until { my $job = $mongo->find_one('jobs', { job_id => $asked->data->{job_id} }); !$job->{pending} || ($job->{progress}{stage} // '') eq 'unsent' } 30, 'it to wait';
    sends($late, 0, @edits[1, 2]);
    my $ended = await_job($asked->data->{job_id});
    is_deeply [@$ended{qw(status)}, $ended->{error}{code}], ['failed', 'undecided'], 'waits, and what came is decided first';
    wait_until { status() eq 'RECONCILE' } 30, 'the count to be back';
    is_deeply { accepts($sue, undecided()) }, {}, 'it is';
    is_deeply bars()->{unsent}, [], 'no phone has anything left';
};

moves(\%since, code($_, 7), -2_000_000) for 10 .. 18;
import_erp();
my @said = all_say('decided', $schedule);

sub killed {
    my ($part, $when) = @_;
    $stack->kill_part($part);
    $stack->start_part($part);
    return pass "$part is killed $when";
}

subtest 'one set, whoever dies' => sub {
    my ($one, $two) = $stack->parallel(map { [$_, POST => "/api/sessions/$count/approve", json => { note => 'Half-year' }] } $sue, $sam);
    is_deeply [$one->status, $two->status], [202, 202], 'two approve at once' or diag $one->text, $two->text;
    is $one->data->{job_id}, $two->data->{job_id}, 'which is one approval';
    wait_until { status() =~ /^APPROV/ } 60, 'it to be under way';
    killed('worker', 'amid the approval');
    killed('nginx', 'with it');
    my $ended = await_job($one->data->{job_id});
    is $ended->{status}, 'succeeded', 'it is made' or diag explain $ended->{error};
    is status(), 'APPROVED', 'the count is approved';
    is_deeply [$mongo->count('adjustments', {}), $mongo->count('adjustment_lines', {})], [1, $said[0]], 'one set, with a line for each variance';
    is_deeply [all_say('approved', $schedule)], \@said, 'and nothing says otherwise than before';
};

# What each line must be: what stands on the racks that were counted, less their books and what moved before.
sub deltas_wanted {
    my %delta;
    for my $r (keys %stands) {
        next if grep { $_ == $r } @EXCLUDED;
        $delta{$_} += $stands{$r}{$_} - $book{$r}{$_} for keys %{ $stands{$r} };
    }
    return { map { $delta{$_} ? ($_ => $delta{$_}) : () } keys %delta };
}

subtest 'into the ERP, whoever dies' => sub {
    my @lines = page_by_page($sue, "/api/adjustments/$count");
    is_deeply { map { ($_->{item_code} => millionths($_->{delta})) } @lines }, deltas_wanted(), 'the set is what was found';
    is $sue->post("/api/adjustments/$count/post")->status, 403, 'an administrator posts';
    is $admin->post("/api/adjustments/$count/post")->status, 200, 'which is done';
    my $there = sub { return ($erp->sql('SELECT count(*) FROM stock_adjustments'))[0] };
    my $more_than = sub { my ($n) = @_; wait_until { $there->() > $n } 60, "more than $n lines to be there" };
    $more_than->(10);
    killed('worker', 'with ' . $there->() . ' lines in the ERP');
    $more_than->(40);
    $erp->crash;
    pass 'the ERP is killed';
    $erp->start;
    $more_than->(60);
    killed('nginx', 'with ' . $there->() . ' lines in the ERP');
    $more_than->(70);
    killed('worker', 'once more');
    $erp->pause_for;
    wait_until { $mongo->find_one('adjustments', { adjustment_id => $count })->{status} eq 'posted' } 90, 'it to be posted';
    is $there->(), scalar @lines, 'each line is there, once';
    is $sue->get("/api/adjustments/$count")->data->{posting}{applied}, scalar @lines, 'and known to be';
};

subtest 'the books' => sub {
    my %wanted = map { my $code = $_; ($code => sum0(map { my $r = $_; $stands{$r}{$code} // 0 } grep { my $r = $_; !grep { $_ == $r } @EXCLUDED } keys %stands)
        + sum0(map { $book{$_}{$code} // 0 } @EXCLUDED) + ($before{$code} // 0) + ($since{$code} // 0)) } keys %codes;
    my %has = map { my ($code, $qty) = split /\|/; ($code => millionths($qty)) } $erp->sql("SELECT item_code, qty FROM stock WHERE item_code LIKE 'MJ-%'");
    is_deeply \%has, \%wanted, 'the ERP has what was counted and what moved since, to the last unit';
    import_erp();
    my %ours = map { ($_->{item_code} => millionths(plain($_->{book_qty}))) } $mongo->find('item_stock', { item_code => { '$regex' => '^MJ-' }, warehouse => $warehouse });
    is_deeply \%ours, \%wanted, 'and so have we';
    is_deeply [all_say('posted', $schedule)], \@said, 'what the count found stays what it was';
};

subtest 'what was told' => sub {
    my %told;
    my $as_text = sub { return join "\n", map { my $event = $_; map { "$_ " . (ref $event->{$_} ? join ' ', explain $event->{$_} : $event->{$_} // '') } sort keys %$event } @_ };
    my @events = heard($listener{supervisor});
    $told{ $_->{type} }++ for grep { ($_->{id} // '') eq $count } @events;
    is_deeply [grep { !$told{$_} } qw(count.opened count.assigned count.reconciling recount.asked review.excluded review.accepted count.approved)], [], 'events of each step' or diag explain \%told;
    is_deeply [grep { $_->{type} eq 'reset' } @events], [], 'without a gap';
    unlike $as_text->(@events), $TRACE, 'and without a quantity';
    my @others = heard($listener{counter});
    cmp_ok scalar @others, '>', $PEOPLE, 'a counter listened, too';
    unlike $as_text->(@others), $TRACE, 'and heard none';
    cmp_ok $answers, '>', 100, "$answers answers to counters";
    is_deeply \%leaks, {}, 'tell no book and no variance';
    my $trail;
    wait_until { $trail = $admin->get('/api/admin/audit', query => { verify => 'true', count_id => $count, limit => 500 })->data; !grep { !defined $_->{verified} } @{ $trail->{items} } } 30, 'the trail to be sealed';
    ok $trail->{chain}{whole}, 'the audit trail is whole';
    my %did;
    $did{ $_->{action} }++ for page_by_page($admin, '/api/admin/audit', count_id => $count);
    is_deeply [@did{qw(count.open count.approved adjustment.post)}], [1, 1, 1], 'each deed stands in it once' or diag explain \%did;
    is $did{'rack.complete'} // 0, 21 + 11, 'every rack that was done, too' or diag explain \%did;
};

$stack->finish;
done_testing;

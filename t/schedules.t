#!/usr/bin/perl
# Schedules: their rules, one run for a slot, and mailing what they make, to servers that take, put off, refuse or are away.
use lib 't/lib';
use StockVerify::Test;
use StockVerify::Events;
use StockVerify::MailServer;
use StockVerify::Process qw(spawn is_alive signal_group);
use Digest::SHA 'sha256_hex';
use POSIX ();

my $mail = StockVerify::MailServer->new->start;
my $stack = start_stack(settings => { $mail->settings, JOB_RETRY_DELAY => 200, JOB_CLAIM => 2000, PUBLIC_URL => 'https://stock.example.com' });
my $asha = $stack->login('staff');
my $boss = $stack->login('supervisor');
my $admin = $stack->login('admin');
my $mongo = $stack->mongo;
my %GOOD = (name => 'Stock of the week', cron => '0 6 * * 1', time_zone => 'Asia/Kolkata', type => 'stock_summary', format => 'csv');

sub make {
    my (%more) = @_;
    my $answer = $boss->post('/api/reports/schedules', { %GOOD, %more });
    is $answer->status, 201, 'made' or diag $answer->text;
    return $answer->data->{schedule_id};
}

# Runs it by hand and waits for the report; its job.
sub run_now {
    my ($id) = @_;
    my $answer = $boss->post("/api/reports/schedules/$id/run", undef, headers => { Prefer => 'wait=30' });
    is $answer->status, 201, 'the report is made' or diag $answer->text;
    return $answer->data;
}

sub deliveries { my ($id) = @_; return @{ $boss->get("/api/reports/schedules/$id/deliveries")->data->{items} } }

# Waits until every recipient of the job has this; {recipient => delivery}.
sub await {
    my ($id, $job, %status) = @_;
    my %now;
    my $good = sub {
        %now = map { ($_->{recipient} => $_) } grep { $_->{job_id} eq $job } deliveries($id);
        return !grep { !$now{$_} || $now{$_}{status} ne $status{$_} } keys %status;
    };
    wait_until { $good->() } 60, 'deliveries to be ' . join ', ', map { "$_ $status{$_}" } sort keys %status;
    return %now;
}

subtest 'rules' => sub {
    my @bad = (
        [name => undef], [name => ''], [name => "a\nb"], [cron => undef], [cron => 'soon'], [cron => '0 0 30 2 *'], [cron => '61 * * * *'],
        [time_zone => 'Mars/Olympus'], [time_zone => '../../etc/passwd'], [type => 'gossip'], [type => undef], [format => 'docx'], [enabled => 'yes'],
        [recipients => 'a@example.com'], [recipients => [map { "r$_\@example.com" } 1 .. 51]],
    );
    for my $case (@bad) {
        my ($member, $value) = @$case;
        my $answer = $boss->post('/api/reports/schedules', { %GOOD, $member => $value });
        is $answer->status, 422, "$member " . ($value // 'missing') or diag $answer->text;
        is_deeply [$answer->fields], [$member], 'is named';
    }
    for my $address ('nobody', '@example.com', 'a@', 'a b@example.com', "a\@example.com\r\nBcc: b\@example.com", 'a@example.com,b@example.com', '<a@example.com>',
        'a@-example.com', 'a@example..com', '.a@example.com', "a\x{e4}\@example.com", 5, 'x' x 65 . '@example.com') {
        my $answer = $boss->post('/api/reports/schedules', { %GOOD, recipients => ['good@example.com', $address] });
        is_deeply [$answer->fields], ['recipients[1]'], "no address: $address" =~ s/[^ -~]/?/gr;
    }
    is_deeply [$boss->post('/api/reports/schedules', { %GOOD, recipients => ['a@example.com', 'A@Example.com'] })->fields], ['recipients[1]'], 'the same twice';
    is $asha->post('/api/reports/schedules', {%GOOD})->status, 403, 'not for staff';
    is $boss->post('/api/reports/schedules', { %GOOD, type => 'audit_trail' })->status, 403, 'the audit trail is not for supervisors';
    my $theirs = $admin->post('/api/reports/schedules', { %GOOD, type => 'audit_trail' });
    is $theirs->status, 201, 'but for administrators' or diag $theirs->text;
    my $url = '/api/reports/schedules/' . $theirs->data->{schedule_id};
    is $boss->get($url)->status, 403, 'and not shown to others';
    is $boss->put($url, {%GOOD})->status, 403, 'nor changed by them';
    is $boss->del($url)->status, 403, 'nor deleted';
    is $boss->post("$url/run")->status, 403, 'nor run';
    is scalar(grep { $_->{type} eq 'audit_trail' } @{ $boss->get('/api/reports/schedules')->data->{items} }), 0, 'nor listed';
    is $admin->del($url)->status, 200, 'its owner deletes it';
    is $admin->get($url)->status, 404, 'and it is gone';
};

subtest 'keeping one' => sub {
    my $id = make(recipients => ['a@example.com'], filters => { warehouse => 'W1', period => 'last_week' }, delimiter => 'semicolon', bom => \1);
    my $url = "/api/reports/schedules/$id";
    my $schedule = $boss->get($url)->data;
    is_deeply [@$schedule{qw(name cron time_zone type format delimiter)}], [@GOOD{qw(name cron time_zone type format)}, 'semicolon'], 'as it was asked for';
    is_deeply $schedule->{filters}, { warehouse => 'W1', period => 'last_week' }, 'with its filters';
    is_deeply $schedule->{recipients}, ['a@example.com'], 'and recipients';
    like $schedule->{next_at}, qr/T00:30:00Z$/, 'six in the morning in Kolkata';
    my $changed = $boss->put($url, { %GOOD, name => 'Other', enabled => \0 });
    is $changed->status, 200, 'changed' or diag $changed->text;
    is $changed->data->{name}, 'Other', 'its name';
    is_deeply [@{ $changed->data }{qw(recipients filters next_at)}], [[], {}, undef], 'replaced, not merged; disabled, it has no next time';
    my @ids = ($id, map { make(name => "n$_") } 1 .. 3);
    my ($cursor, @seen);
    do {
        my $page = $boss->get('/api/reports/schedules', query => { limit => 2, $cursor ? (cursor => $cursor) : () })->data;
        push @seen, map { $_->{schedule_id} } @{ $page->{items} };
        $cursor = $page->{next_cursor};
    } while ($cursor);
    is_deeply [sort @seen], [sort @ids], 'listed, each once';
    is $boss->del("/api/reports/schedules/$_")->status, 200, 'deleted' for @ids;
    is $boss->put($url, {%GOOD})->status, 404, 'what is gone is not changed';
    for my $action (qw(create change delete)) {
        is $mongo->count('activity_logs', { action => "schedule.$action", 'details.schedule_id' => $id }), 1, "$action is in the audit trail";
    }
};

my %SNAPSHOT = (name => 'Floor, daily', cron => '0 18 * * *', type => 'snapshot', tags => ['floor-daily'], keep => 2, format => 'csv',
    query => { collection => 'erp_items', group_by => ['floor'], aggregations => [{ op => 'count' }] });

subtest 'rules of one that takes snapshots' => sub {
    my @bad = (
        [query => undef], [query => 5], [query => { collection => 'users' }, 'query.collection'], [query => { collection => 'erp_items', tz => 'UTC' }, 'query.tz'],
        [keep => 0], [keep => 1001], [keep => '2'], [tags => 'x'], [filters => { warehouse => 'W1' }], [tz => 'UTC'], [format => 'docx'], [description => 5], [name => ''],
        [raw => \1, 'raw', format => 'xlsx'],
    );
    for my $case (@bad) {
        my ($member, $value, $named, %more) = @$case;
        my $answer = $boss->post('/api/reports/schedules', { %SNAPSHOT, %more, $member => $value });
        is $answer->status, 422, "$member " . ($value // 'missing') or diag $answer->text;
        is_deeply [$answer->fields], [$named // $member], 'is named';
    }
    for my $member (qw(query description tags keep)) {
        is_deeply [$boss->post('/api/reports/schedules', { %GOOD, $member => $SNAPSHOT{$member} // 'All that stands there' })->fields], [$member], "$member is no report's";
    }
    $mongo->run(update => 'warehouses', updates => [{ q => { warehouse => 'WEST' }, u => { '$set' => { time_zone => 'America/Los_Angeles' } }, upsert => \1 }]);
    my $zone = sub {
        my (@filters) = @_;
        my $answer = $boss->post('/api/reports/schedules', { %SNAPSHOT, query => { collection => 'erp_items', filters => [@filters] } });
        return $answer->data->{time_zone};
    };
    is $zone->(), 'UTC', 'slots are those of TIME_ZONE';
    is $zone->({ field => 'warehouse', op => 'eq', value => 'WEST' }), 'America/Los_Angeles', 'or of the warehouse that it is about';
};

subtest 'snapshots' => sub {
    my $answer = $boss->post('/api/reports/schedules', { %SNAPSHOT, time_zone => 'Asia/Kolkata', recipients => ['olga@example.com'] });
    is $answer->status, 201, 'made' or diag $answer->text;
    my $id = $answer->data->{schedule_id};
    my $schedule = $boss->get("/api/reports/schedules/$id")->data;
    is_deeply [@$schedule{qw(name type tags keep format time_zone)}], [@SNAPSHOT{qw(name type tags keep format)}, 'Asia/Kolkata'], 'as it was asked for';
    is $schedule->{query}{collection}, 'erp_items', 'with its query';
    my $asked = $boss->post('/api/reports/snapshots', { %SNAPSHOT{qw(name tags query)} }, headers => { Prefer => 'wait=30' })->data->{snapshot_id};
    my @taken;
    for (1 .. 3) {
        my $run = $boss->post("/api/reports/schedules/$id/run", undef, headers => { Prefer => 'wait=30' });
        is $run->status, 201, 'taken' or diag $run->text;
        push @taken, $run->data->{resource}{id};
        is $run->header('location'), "/api/reports/snapshots/$taken[-1]", 'and told where';
        last if @taken == 3;
        # What the next one is compared with, before it is kept no more.
        next if @taken != 2;
        my $comparison = $boss->post('/api/reports/compare', { baseline_id => $taken[0], comparison_id => $taken[1] }, headers => { Prefer => 'wait=30' });
        is $comparison->status, 201, 'compared' or diag $comparison->text;
        $schedule->{comparison} = $comparison->data->{job_id};
    }
    my $last = $boss->get("/api/reports/snapshots/$taken[2]")->data;
    is_deeply [@$last{qw(name tags schedule_id)}], [@SNAPSHOT{qw(name tags)}, $id], 'it has the name and tag';
    is $last->{created_by}{username}, $boss->get('/api/auth/me')->data->{username}, 'and is its owner\'s';
    wait_until { $boss->get("/api/reports/snapshots/$taken[0]")->status == 404 } 30, 'the first to go';
    is_deeply [map { $boss->get("/api/reports/snapshots/$_")->status } @taken], [404, 200, 200], 'the last two are kept';
    is $boss->get("/api/reports/snapshots/$asked")->data->{schedule_id}, undef, 'what was asked for by hand stays';
    my $trend = $boss->get('/api/reports/trend', query => { tag => 'floor-daily', metric => 'rows' })->data;
    is_deeply [map { $_->{snapshot_id} } @{ $trend->{points} }], [$asked, @taken[1, 2]], 'and is a trend with those that are kept' or diag explain $trend;

    my $url = "/api/reports/compare/$schedule->{comparison}";
    is $boss->get($url)->data->{baseline}{snapshot_id}, $taken[0], 'a comparison with what is gone stays as it was';
    is $boss->get("$url/export", query => { format => 'csv' }, headers => { Prefer => 'wait=30' })->status, 200, 'also as a file';
    my $late = $boss->post('/api/reports/compare', { baseline_id => $taken[0], comparison_id => $taken[2] });
    is $late->status, 422, 'another is not made';
    is_deeply [$late->fields], ['baseline_id'], 'which says what is gone';

    wait_until { @{[$mail->mails('olga@example.com')]} == 3 } 60, 'three mails';
    my ($got, @others) = grep { ($_->{headers}{subject} // '') =~ /^Floor, daily/ } $mail->mails('olga@example.com');
    is scalar @others, 2, 'each with its file, the first as well: it did not go before that was made';
    like $got->{headers}{subject}, qr/^Floor, daily: \d{4}-\d\d-\d\d Floor, daily$/, 'mailed as a file with its day';
    is $got->{attachments}[0]{type}, 'text/csv', 'in the format that was asked for';
    # A mail is told to be sent when its server has taken it, a moment after it has it.
    wait_until { !grep { $_->{status} ne 'sent' } deliveries($id) } 30, 'each to be told';
    is scalar(@{[deliveries($id)]}), 3, 'each told once';
    is $boss->del("/api/reports/schedules/$id")->status, 200, 'the schedule goes';
    is $boss->get("/api/reports/snapshots/$taken[2]")->status, 200, 'what it took stays';
};

subtest 'a mail with the file' => sub {
    my $name = "Best\x{e4}nde \x{2014} \x{5e93}\x{5b58}, und ein Name, der l\x{e4}nger ist als eine Zeile";
    my $id = make(name => $name, recipients => ['anna@example.com', 'bert@example.com']);
    my $job = run_now($id);
    my %now = await($id, $job->{job_id}, 'anna@example.com' => 'sent', 'bert@example.com' => 'sent');
    my $file = $boss->get($job->{result_url})->body;
    for my $to (sort keys %now) {
        my ($got, @more) = $mail->mails($to);
        is scalar @more, 0, 'one mail';
        is_deeply $got->{to}, [$to], 'to one person, who sees no others';
        is $got->{from}, 'stock@example.com', 'from whom the settings say';
        is $got->{headers}{subject}, "$name: " . ($job->{file_name} =~ s/[.]csv$//r), 'the subject, whole: name, place and day';
        is $got->{headers}{'auto-submitted'}, 'auto-generated', 'nobody is to answer it automatically';
        is $got->{headers}{'message-id'}, "<$now{$to}{delivery_id}\@example.com>", 'an id of its own';
        ok $got->{tls} && $got->{login} eq 'stock', 'over TLS, logged in';
        is_deeply $got->{attachments}, [{ name => $job->{file_name}, type => 'text/csv', sha256 => sha256_hex($file) }], 'the file, byte for byte';
        like $got->{text}, qr/\Q$job->{file_name}/, 'and words about it';
        is "$now{$to}{how} $now{$to}{attempts}", 'file 1', 'so it is told';
    }
};

subtest 'once more, by hand' => sub {
    my $id = make(recipients => ['ines@example.com', 'jan@example.com']);
    my $job = run_now($id);
    my %now = await($id, $job->{job_id}, 'ines@example.com' => 'sent', 'jan@example.com' => 'sent');
    my $url = "/api/reports/schedules/$id/deliveries/$now{'ines@example.com'}{delivery_id}/resend";
    is $asha->post($url)->status, 403, 'not by staff';
    is $boss->post("/api/reports/schedules/$id/deliveries/none/resend")->status, 404, 'nothing that was not there';
    my $answer = $boss->post($url, undef, headers => { Prefer => 'wait=30' });
    is $answer->status, 201, 'mailed again' or diag $answer->text;
    my @mails = $mail->mails('ines@example.com');
    is scalar @mails, 2, 'a second mail';
    is $mails[1]{headers}{'message-id'}, "<$now{'ines@example.com'}{delivery_id}.1\@example.com>", 'with an id of its own';
    is scalar $mail->mails('jan@example.com'), 1, 'and none to the other';
    my ($delivery) = grep { $_->{recipient} eq 'ines@example.com' } deliveries($id);
    is_deeply [@$delivery{qw(status resent attempts)}], ['sent', 1, 2], 'told by the delivery';
};

subtest 'recipients who are put off or refused' => sub {
    my $id = make(recipients => ['refused@example.com', 'later@example.com', 'carl@example.com']);
    my $job = run_now($id);
    my %now = await($id, $job->{job_id}, 'refused@example.com' => 'failed', 'later@example.com' => 'sent', 'carl@example.com' => 'sent');
    is $now{'refused@example.com'}{error}{code}, 'mail_refused', 'refused for good';
    like $now{'refused@example.com'}{error}{message}, qr/nobody of that name/, 'in the words of the server';
    is $now{'refused@example.com'}{attempts}, 1, 'and not tried again';
    is $now{'later@example.com'}{attempts}, 2, 'who was put off gets it at the second try';
    is scalar $mail->mails('carl@example.com'), 1, 'who has it does not get it again';
    is scalar $mail->mails('later@example.com'), 1, 'nor who waited';
};

subtest 'a server that speaks another language' => sub {
    my $id = make(recipients => ['umlaut@example.com', 'uli@example.com']);
    my $job = run_now($id);
    my %now = await($id, $job->{job_id}, 'umlaut@example.com' => 'failed', 'uli@example.com' => 'sent');
    is $now{'umlaut@example.com'}{error}{message}, '550 5.1.1 Empf?nger unbekannt', 'its words, but for signs that are none';
    is $now{'umlaut@example.com'}{attempts}, 1, 'and the mail is not tried again';
};

subtest 'a server that is away' => sub {
    my $id = make(recipients => ['dora@example.com']);
    $mail->stop;
    my $job = run_now($id);
    wait_until { my ($delivery) = deliveries($id); $delivery && $delivery->{attempts} } 30, 'a try';
    my ($delivery) = deliveries($id);
    is "$delivery->{status} $delivery->{error}{code}", 'pending mail_unreachable', 'it waits';
    $mail->start;
    await($id, $job->{job_id}, 'dora@example.com' => 'sent');
    is scalar $mail->mails('dora@example.com'), 1, 'and arrives';
};

subtest 'a server without TLS, or with another idea of the login' => sub {
    my $id = make(recipients => ['emil@example.com']);
    for my $way ([plain => 1], [login => 'stock:another']) {
        $mail->stop;
        $mail->start(@$way);
        my $job = run_now($id);
        wait_until { grep { $_->{job_id} eq $job->{job_id} && $_->{attempts} } deliveries($id) } 30, 'a try';
        my ($delivery) = grep { $_->{job_id} eq $job->{job_id} } deliveries($id);
        is "$delivery->{status} $delivery->{error}{code}", 'pending mail_unreachable', "it waits: $delivery->{error}{message}";
        is scalar $mail->mails('emil@example.com'), 0, 'nothing was told';
        my ($mailing) = $mongo->find('jobs', { type => 'mail.deliver', 'params.job_id' => $job->{job_id} });
        is $boss->del("/api/jobs/$mailing->{job_id}")->status, 200, 'given up by hand';
        my %now = await($id, $job->{job_id}, 'emil@example.com' => 'failed');
    }
    $mail->stop;
    $mail->start;
};

subtest 'what goes wrong is told' => sub {
    my $stream = StockVerify::Events->open($stack, $boss, topics => 'activity');
    my $told = sub { my ($type, $id) = @_; my $event; do { $event = $stream->next($type) } until !$event || $event->{id} eq $id; return $event };
    my $id = make(name => 'Broken', recipients => ['hugo@example.com']);
    is_deeply [@{ $boss->get("/api/reports/schedules/$id")->data }{qw(last_run_at last_status last_error)}], [undef, undef, undef], 'nothing ran yet';
    $mongo->update('report_schedules', { schedule_id => $id }, { '$set' => { 'params.type' => 'gossip' } });
    my $run = $boss->post("/api/reports/schedules/$id/run", undef, headers => { Prefer => 'wait=30' });
    is $run->data->{status}, 'failed', 'a report that cannot be made' or diag $run->text;
    my $event = $told->('schedule.failed', $id);
    is_deeply [@$event{qw(user_id job_id)}], [$boss->user_id, $run->data->{job_id}], 'its owner hears of it';
    my $schedule = $boss->get("/api/reports/schedules/$id")->data;
    is "$schedule->{last_status} $schedule->{last_error}{code}", "failed $run->{json}{data}{error}{code}", 'the schedule says so' or diag explain $schedule;
    ok $schedule->{last_run_at}, 'and when';
    wait_until { $mail->mails('hugo@example.com') } 60, 'the mail';
    my ($got) = $mail->mails('hugo@example.com');
    is $got->{headers}{subject}, 'Broken: could not be made', 'mailed, too';
    like $got->{text}, qr/\Q$run->{json}{data}{job_id}/, 'with the job';

    $mongo->update('report_schedules', { schedule_id => $id }, { '$set' => { requested_by => $asha->user_id, next_at => { '$date' => '2026-01-05T06:00:00Z' } } });
    $event = $told->('schedule.disabled', $id);
    is $event->{user_id}, $asha->user_id, 'an owner whose role no longer allows it is told that nothing runs any more';
    $schedule = $boss->get("/api/reports/schedules/$id")->data;
    ok !$schedule->{enabled} && $schedule->{disabled_reason}, 'and why';
    wait_until { $mail->mails('hugo@example.com') == 2 } 60, 'the mail';
    is(($mail->mails('hugo@example.com'))[1]{headers}{subject}, 'Broken: disabled', 'by mail');
};

subtest 'slots' => sub {
    my $inner = $stack->{stack};
    my $second = spawn($inner->state->{commands}{worker}, $stack->state->{logs}{worker}, directory => $stack->{directory}, env => $inner->environment('worker'));
    my $id = make(cron => '* * * * *', recipients => ['fritz@example.com']);
    # Long ago: all slots since then are made up for by one run.
    my $past = POSIX::strftime('%Y-%m-%dT%H:%M:00Z', gmtime(time - 600));
    $mongo->update('report_schedules', { schedule_id => $id }, { '$set' => { next_at => { '$date' => $past } } });
    wait_until { $mail->mails('fritz@example.com') } 60, 'the mail';
    my @runs = $mongo->find('jobs', { schedule_id => $id, scheduled => \1 });
    my %slots = map { (plain($_)->{slot} => 1) } @runs;
    is scalar keys %slots, scalar @runs, 'one run for a slot, with two workers';
    is_deeply [grep { $_ le $past } keys %slots], [], 'missed ones are made up for by the latest alone';
    # Another slot may come between the questions: both are asked until they agree.
    my (@mails, @sent);
    wait_until {
        @mails = map { $_->{headers}{'message-id'} } $mail->mails('fritz@example.com');
        @sent = map { $_->{delivery_id} } grep { $_->{status} eq 'sent' } deliveries($id);
        @mails == @sent;
    } 30, 'as many mails as are told to be sent';
    is_deeply [map { my $sent = $_; scalar grep { /^<\Q$sent\E\b/ } @mails } @sent], [(1) x @sent], 'each is mailed once';
    my $schedule = $boss->get("/api/reports/schedules/$id")->data;
    ok $schedule->{last_slot} && $schedule->{last_job_id}, 'the schedule says when it ran last';
    is $boss->del("/api/reports/schedules/$id")->status, 200, 'deleted';
    signal_group($second, 'TERM');
    wait_until { !is_alive($second) } 60, 'the second worker to end';
};

subtest 'a link instead of a large file' => sub {
    $stack->stop_part('worker');
    open my $out, '>>', "$stack->{directory}/worker.conf" or die "worker.conf: $!\n";
    print {$out} "MAIL_ATTACHMENT_MAX=0\n";
    close $out;
    $stack->start_part('worker');
    my $id = make(recipients => ['greta@example.com']);
    my $job = run_now($id);
    my %now = await($id, $job->{job_id}, 'greta@example.com' => 'sent');
    is $now{'greta@example.com'}{how}, 'link', 'a link';
    my ($got) = $mail->mails('greta@example.com');
    is_deeply $got->{attachments}, [], 'nothing attached';
    my ($path) = $got->{text} =~ m{^https://stock\.example\.com(/\S+)$}m;
    ok $path, 'the link begins with PUBLIC_URL' or diag $got->{text};
    my $file = $stack->client->get($path);
    is $file->status, 200, 'it opens without a login' or diag $file->text;
    ok $file->body eq $boss->get($job->{result_url})->body, 'the same file';
};

$mail->stop;
done_testing;

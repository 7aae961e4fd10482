#!/usr/bin/perl
# Jobs over HTTP: asking and waiting for one, lists, cancelling, downloads with ranges, signed links.
use lib 't/lib';
use StockVerify::Events;
use StockVerify::Test;
use Digest::SHA 'sha256_hex';
use File::Path 'make_path';
use POSIX ();
use Encode ();
use Mojo::Util 'url_escape';

my $stack = start_stack(settings => { DOWNLOAD_LINK_TTL => 5, JOB_CLAIM => 1000 });
my ($asha, $ben) = map { $stack->login('staff') } 1 .. 2;
my $boss = $stack->login('supervisor');
my $admin = $stack->login('admin');
my $mongo = $stack->mongo;
my $made = 0;

# An ended job as a worker leaves it, with its file.
sub ended_job {
    my (%option) = @_;
    my $id = sprintf '%08x-0000-4000-8000-000000000000', ++$made;
    my $file = "jobs/$id/1.csv";
    if (defined $option{text}) {
        make_path("$stack->{directory}/spool/jobs/$id");
        open my $out, '>:raw', "$stack->{directory}/spool/$file" or die "$file: $!\n";
        print {$out} $option{text};
        close $out or die "$file: $!\n";
    }
    my $now = { '$date' => plain($mongo->run('{"hello": 1}')->{localTime}) };
    my %result = defined $option{text} ? (result_kept => \1, result => {
        file => $file, file_name => $option{name} // 'report.csv', content_type => 'text/csv; charset=utf-8', etag => '"' . sha256_hex($option{text}) . '"',
        size => length $option{text}, keep_ms => 3600000,
    }) : ();
    $mongo->run(insert => 'jobs', documents => [{
        job_id => $id, type => $option{type} // 'report.generate', queue => 'low', params => {}, requested_by => ($option{owner} || $boss)->user_id,
        role => 'supervisor', warehouse => undef, unique_key => undef, pending => \0, status => $option{status} // 'succeeded', queued_at => $now,
        delay_ms => 0, attempt => 1, crashed => 0, failed_attempts => 0, cancel_requested => \0, schedule_id => undef, slot => undef, scheduled => \0,
        created_at => $now, started_at => $now, finished_at => $now, %result, %{ $option{more} || {} },
    }]);
    return $id;
}

subtest 'asking and waiting' => sub {
    my $accepted = $admin->post('/api/admin/indexes');
    is $accepted->status, 202, 'accepted' or diag $accepted->text;
    my $job = $accepted->data;
    is $accepted->header('Location'), "/api/jobs/$job->{job_id}", 'its place';
    ok $accepted->header('Retry-After') >= 1, 'when to look again';
    wait_until { $admin->get("/api/jobs/$job->{job_id}")->data->{status} eq 'succeeded' } 20, 'the job to be done';
    my $done = $admin->get("/api/jobs/$job->{job_id}")->data;
    is $done->{attempts}, 1, 'in one attempt';
    is $done->{result_url}, undef, 'it has no file';
    is $admin->get("/api/jobs/$job->{job_id}/result")->status, 404, 'so there is nothing to download';

    for my $prefer ('wait=20', 'respond-async, wait=20', 'wait=20; foo', 'WAIT=99') {
        my $answer = $admin->post('/api/admin/indexes', undef, headers => { Prefer => $prefer });
        is $answer->status, 201, "waited for under $prefer" or diag $answer->text;
        is $answer->data->{status}, 'succeeded', 'it is done';
    }
    for my $prefer ('wait=0', 'wait=x', 'wait', 'wait=-1', 'wait=99999999999999999999', 'return=minimal', ',,', 'wait=5x') {
        is $admin->post('/api/admin/indexes', undef, headers => { Prefer => $prefer })->status, 202, "not waited for under $prefer";
    }
    is $boss->post('/api/admin/indexes')->status, 403, 'a supervisor may not';
};

subtest 'without a worker' => sub {
    my $idle = sub { return !grep { $_->{status} =~ /queued|running/ } @{ $admin->get('/api/jobs')->data->{items} } };
    wait_until { $idle->() } 20, 'all jobs to end';
    $stack->stop_part('worker');
    my $first = $admin->post('/api/admin/indexes', undef, headers => { Prefer => 'wait=1' });
    is $first->status, 202, 'the wait ends';
    is $first->data->{status}, 'queued', 'and the job is queued';
    my $again = $admin->post('/api/admin/indexes');
    is $again->data->{job_id}, $first->data->{job_id}, 'the same request is the same job while it is pending';

    my $waiting = $stack->hold($admin, POST => '/api/admin/indexes', headers => { Prefer => 'wait=25' });
    my ($held, $cancelled);
    $waiting->then(sub { $held = $_[0] });
    my $url = '/api/jobs/' . $first->data->{job_id};
    $admin->request_p(DELETE => $url)->then(sub { $cancelled = $_[0] })->wait;
    is $cancelled->status, 200, 'cancelled' or diag $cancelled->text;
    is $cancelled->data->{status}, 'cancelled', 'at once, as nobody has begun it';
    $waiting->wait;
    is $held->status, 200, 'who waits for it hears of it';
    is $held->data->{status}, 'cancelled', 'that it was cancelled';
    is $admin->del($url)->status, 200, 'cancelling again is the same';
    is $boss->get($url)->status, 403, 'a job of a kind for administrators is not shown to supervisors';
    is $asha->del($url)->status, 403, 'nor cancelled by others';
    is $admin->get('/api/jobs/no-such-job')->status, 404, 'one that does not exist';

    # A client that goes away while it waits, and nginx that stops: neither leaves anything behind.
    my $slow = $admin->request_p(POST => '/api/admin/indexes', headers => { Prefer => 'wait=30' });
    my $answer;
    $slow->then(sub { $answer = $_[0] });
    $admin->request_p(GET => '/api/jobs')->wait;
    $stack->reload;
    $slow->wait;
    is $answer->status, 202, 'a stopping nginx answers at once that the job is under way' or diag $answer->text;
    $admin->del('/api/jobs/' . $answer->data->{job_id});
    $stack->start_part('worker');
};

subtest 'lists' => sub {
    my @mine = map { ended_job(owner => $asha, type => 'snapshot.export') } 1 .. 3;
    my @others = map { ended_job(owner => $boss, status => 'failed', more => { error => { code => 'internal_error', message => 'No' } }) } 1 .. 3;
    my $ids = sub { my ($who, %query) = @_; return [sort map { $_->{job_id} } @{ $who->get('/api/jobs', query => \%query)->data->{items} }] };
    is_deeply $ids->($asha), [sort @mine], 'staff see their own';
    is_deeply $ids->($ben), [], 'and nobody else\'s';
    is_deeply $ids->($boss), [sort @mine, @others], 'supervisors see all but the administrators\'';
    is_deeply $ids->($boss, status => 'failed'), [sort @others], 'by status';
    is_deeply $ids->($boss, type => 'snapshot.export'), [sort @mine], 'by type';
    is_deeply $ids->($boss, type => 'snapshot.export', status => 'failed'), [], 'by both';
    ok scalar(grep { $_->{type} eq 'indexes.ensure' } @{ $admin->get('/api/jobs')->data->{items} }), 'administrators see theirs';
    my ($cursor, @seen);
    do {
        my $page = $boss->get('/api/jobs', query => { limit => 4, $cursor ? (cursor => $cursor) : () })->data;
        push @seen, map { $_->{job_id} } @{ $page->{items} };
        $cursor = $page->{next_cursor};
    } while ($cursor);
    is_deeply [sort @seen], [sort @mine, @others], 'pages hold each once';
    is $boss->get('/api/jobs', query => { status => 'done' })->code, 'parameter_invalid', 'a status nobody knows';
    is $boss->get('/api/jobs', query => { type => 'make.coffee' })->code, 'parameter_invalid', 'a type nobody knows';
    is $asha->get("/api/jobs/$others[0]")->status, 403, "somebody else's job";
    is $boss->get("/api/jobs/$others[0]")->data->{error}{code}, 'internal_error', 'why it failed';
    is $boss->del("/api/jobs/$others[0]")->code, 'conflict_state', 'what has ended cannot be cancelled';
    is $boss->get("/api/jobs/$others[0]/result")->code, 'conflict_state', 'and has no file';
};

subtest 'a failed job again' => sub {
    my %failed = (status => 'failed', more => { failed_attempts => 3, error => { code => 'internal_error', message => 'No' } });
    my $id = ended_job(%failed, type => 'indexes.ensure', owner => $admin);
    my $stream = StockVerify::Events->open($stack, $admin, topics => 'jobs:updates:*');
    my $retried = $admin->post("/api/jobs/$id/retry");
    is $retried->status . ' ' . $retried->header('Location'), "202 /api/jobs/$id", 'the same job' or diag $retried->text;
    is $retried->data->{status} . ' ' . ($retried->data->{error} // 'no error'), 'queued no error', 'waits as a new one does';
    my $heard;
    do { $heard = $stream->next('job.updated') } until !$heard || $heard->{id} eq $id;
    is $heard && $heard->{status}, 'queued', 'who listens hears of it';
    wait_until { $admin->get("/api/jobs/$id")->data->{status} eq 'succeeded' } 20, 'the worker to do it';
    is $mongo->count('activity_logs', { action => 'job.requeue', 'details.job_id' => $id, user_id => $admin->user_id }), 1, 'it stands in the audit trail';
    is $admin->post("/api/jobs/$id/retry")->code, 'conflict_state', 'one that has not failed is not tried again';
    is $boss->post("/api/jobs/$id/retry")->status, 403, "nor is an administrators' by a supervisor";
    my $theirs = ended_job(%failed, type => 'snapshot.export', owner => $asha);
    is $ben->post("/api/jobs/$theirs/retry")->status, 403, "somebody else's";
    is $asha->post("/api/jobs/$theirs/retry")->status, 403, 'nor by an owner whose role no longer allows it';
    is $boss->post("/api/jobs/$theirs/retry", undef, headers => { Prefer => 'wait=20' })->data->{status}, 'failed', "supervisors try a counter's, and see it fail again";
    is $admin->post('/api/jobs/no-such-job/retry')->status, 404, 'one that does not exist';
};

subtest 'a job that waits while its owner loses the role' => sub {
    my %user = (username => 'leaver', password => 'leaves very soon', role => 'supervisor', full_name => 'Leaver');
    is $admin->post('/api/admin/users', \%user)->status, 201, 'another supervisor';
    my $leaver = $stack->login(\%user);
    $stack->stop_part('worker');
    my ($report, $disabled) = map { $_->[0]->post('/api/reports/generate', { type => 'user_activity', format => $_->[1], filters => {} })->data->{job_id} }
        [$boss, 'csv'], [$leaver, 'json'];
    isnt $report, $disabled, 'each asks for a report';
    is $admin->patch('/api/admin/users/' . $boss->user_id, { role => 'staff' })->status, 200, 'one is a supervisor no longer';
    is $admin->del('/api/admin/users/' . $leaver->user_id)->status, 200, 'one has left';
    $stack->start_part('worker');
    for my $id ($report, $disabled) {
        wait_until { !$mongo->find_one('jobs', { job_id => $id })->{pending} } 30, 'the job to end';
        is_deeply [@{ $admin->get("/api/jobs/$id")->data }{qw(status result_url)}, $admin->get("/api/jobs/$id")->data->{error}{code}], ['failed', undef, 'forbidden'], 'nothing is made for them';
    }
    is $admin->patch('/api/admin/users/' . $boss->user_id, { role => 'supervisor' })->status, 200, 'a supervisor again';
    is $boss->post("/api/jobs/$disabled/retry", undef, headers => { Prefer => 'wait=20' })->data->{status}, 'succeeded', 'has it made, and what the other asked for, too';
};

subtest 'a mail that fails is not sent by who may not see what it is of' => sub {
    my $audit = ended_job(type => 'report.audit', owner => $admin, text => 'x');
    my $mail = ended_job(type => 'mail.deliver', owner => $admin, status => 'failed', more => { params => { job_id => $audit, schedule_id => 'none' } });
    is $boss->post("/api/jobs/$mail/retry")->status, 403, "an administrators' report";
    is $admin->post("/api/jobs/$mail/retry", undef, headers => { Prefer => 'wait=20' })->status, 201, 'but by who may';
};

subtest 'metrics' => sub {
    my $now;
    my $counted = sub { my ($outcome) = @_; return +(grep { $_->{type} eq 'indexes.ensure' && $_->{outcome} eq $outcome } @{ $now->{jobs_ended_total} })[0] };
    wait_until { $now = $admin->get('/metrics/json')->json; $now->{jobs_waiting} && $counted->('succeeded') } 20, 'figures';
    is_deeply [sort keys %{ $now->{jobs_waiting} }], [qw(default high low mail short)], 'what waits, by queue';
    cmp_ok $counted->('succeeded')->{count}, '>=', 2, 'what succeeded is counted';
    cmp_ok $counted->('cancelled')->{count}, '>=', 1, 'and what was cancelled';
    my $text = $admin->get('/metrics')->body;
    like $text, qr/^stockverify_jobs_ended_total\{type="indexes\.ensure",outcome="succeeded"\} \d+$/m, 'in text too';
    like $text, qr/^stockverify_jobs_(?:waiting|oldest_waiting_seconds)\{queue="low"\} 0$/m, 'nothing waits';
};

my $text = join '', map { "row $_,\x{c3}\x{a4},\"x\"\r\n" } 1 .. 20000;

subtest 'downloads' => sub {
    my $id = ended_job(text => $text);
    my $url = "/api/jobs/$id/result";
    is $boss->get("/api/jobs/$id")->data->{result_url}, $url, 'the job says where its file is';
    my $file = $boss->get($url);
    is $file->status, 200, 'downloaded' or diag substr $file->text, 0, 200;
    ok $file->body eq $text, 'byte for byte';
    is $file->header('Content-Type'), 'text/csv; charset=utf-8', 'with its type';
    is $file->header('Content-Length'), length $text, 'and length';
    is $file->header('Accept-Ranges'), 'bytes', 'ranges may be asked for';
    is $file->header('X-Content-Type-Options'), 'nosniff', 'nobody is to guess';
    is $file->header('Cache-Control'), 'private, no-cache', 'nor to keep it';
    my $etag = $file->header('ETag');
    is $etag, '"' . sha256_hex($text) . '"', 'its tag is that of its content';
    is $boss->get("/api/jobs/$id")->data->{etag}, $etag, 'and the job\'s';

    my $packed = $boss->get($url, headers => { 'Accept-Encoding' => 'gzip' });
    is $packed->header('Content-Encoding'), undef, 'never compressed on its way';
    my $head = $boss->request(HEAD => $url);
    is $head->status . ' ' . length $head->body, '200 0', 'HEAD';
    is $head->header($_), $file->header($_), "HEAD has $_" for qw(Content-Length ETag Content-Type Content-Disposition);
    is $boss->get($url, headers => { 'If-None-Match' => $etag })->status, 304, 'nothing new';

    my $part = $boss->get($url, headers => { Range => 'bytes=100-199' });
    is $part->status, 206, 'a part';
    ok $part->body eq substr($text, 100, 100), 'the one asked for';
    is $part->header('Content-Range'), 'bytes 100-199/' . length $text, 'and it says which';
    my $rest = $boss->get($url, headers => { Range => 'bytes=1000-', 'If-Range' => $etag });
    is $rest->status, 206, 'resumed';
    ok substr($text, 0, 1000) . $rest->body eq $text, 'both parts are the whole';
    is $boss->get($url, headers => { Range => 'bytes=1000-', 'If-Range' => '"other"' })->status, 200, 'another file is sent whole';
    my $none = $boss->get($url, headers => { Range => 'bytes=99999999-' });
    is $none->status . ' ' . $none->code, '416 range_invalid', 'a range that is none';
    is $none->header('Content-Range'), 'bytes */' . length $text, 'says how long the file is';
    is $none->header('Content-Disposition'), undef, 'and is no download';
    is scalar(@{ $none->{response}->headers->every_header('X-Request-Id') }), 1, 'its headers are there once';
    my @parts = $boss->get($url, headers => { Range => 'bytes=0-4,10-14' });
    is $parts[0]->status, 206, 'two parts';
    like $parts[0]->header('Content-Type'), qr{^multipart/byteranges}, 'in one answer';

    is $asha->get($url)->status, 403, 'not for others';
    is $stack->client->get($url)->code, 'token_missing', 'nor without a login';
    is $asha->get('/api/jobs/' . ended_job(text => 'x', owner => $asha) . '/result')->status, 403, 'nor for an owner whose role no longer allows it';

    my $empty = $boss->get('/api/jobs/' . ended_job(text => '') . '/result');
    is $empty->status . ' ' . length $empty->body, '200 0', 'an empty file';
};

subtest 'names' => sub {
    my %names = (
        'stock "A".csv' => 'stock _A_.csv', "a\r\nSet-Cookie: x.csv" => 'a__Set-Cookie_ x.csv', '../../etc/passwd' => '.._.._etc_passwd',
        'a;b=c%41.csv' => 'a_b=c_41.csv', "\x{5e93}\x{5b58}.csv" => '__.csv',
    );
    for my $name (sort keys %names) {
        my $answer = $boss->get('/api/jobs/' . ended_job(text => 'x', name => $name) . '/result');
        is $answer->status, 200, 'downloaded';
        my $encoded = url_escape(Encode::encode('UTF-8', $name), '^A-Za-z0-9\\-._~');
        is $answer->header('Content-Disposition'), "attachment; filename=\"$names{$name}\"; filename*=UTF-8''$encoded", "called $names{$name}";
        is $answer->header('Set-Cookie'), undef, 'and no more than called';
    }
};

subtest 'files that are gone' => sub {
    my $gone = ended_job(text => 'x');
    unlink "$stack->{directory}/spool/jobs/$gone/1.csv" or die "unlink: $!\n";
    my $answer = $boss->get("/api/jobs/$gone/result");
    is $answer->status . ' ' . $answer->code, '410 result_expired', 'a file that is not there any more';
    my $id = ended_job(text => 'x');
    my $long_ago = POSIX::strftime('%Y-%m-%dT%H:%M:%SZ', gmtime(time - 7200));
    $mongo->update('jobs', { job_id => $id }, { '$set' => { finished_at => { '$date' => $long_ago } } });
    # It looks when it starts, and every minute.
    $stack->stop_part('worker');
    $stack->start_part('worker');
    my $expired;
    wait_until { ($expired = $boss->get("/api/jobs/$id/result"))->status == 410 } 20, 'the worker to remove it';
    is $expired->code, 'result_expired', 'one whose time is over is removed';
    ok wait_until { !-e "$stack->{directory}/spool/jobs/$id" } 10, 'with its folder';
    is $boss->get("/api/jobs/$id")->data->{result_url}, undef, 'and the job no longer says where';
    is $boss->post("/api/jobs/$id/link")->status, 410, 'nor is there a link to it';
};

subtest 'links' => sub {
    my $id = ended_job(text => $text);
    my $other = ended_job(text => 'other');
    my $anyone = $stack->client;
    is $asha->post("/api/jobs/$id/link")->status, 403, 'not for others';
    my $link = $boss->post("/api/jobs/$id/link");
    is $link->status, 200, 'made' or diag $link->text;
    my $url = $link->data->{url};
    my $file = $anyone->get($url);
    is $file->status, 200, 'opens without a login' or diag substr $file->text, 0, 200;
    ok $file->body eq $text, 'the file';
    is $anyone->request(HEAD => $url)->status, 200, 'HEAD too';
    is $anyone->get($url, headers => { Range => 'bytes=0-9' })->body, substr($text, 0, 10), 'and a part of it';
    for my $wrong (
        $url =~ s/\Q$id\E/$other/r, $url =~ s/expires=(\d+)/'expires=' . ($1 + 1)/er, $url =~ s/expires=\d+&//r, $url =~ s/signature=./signature=_/r,
        $url =~ s/signature=.*/signature=/r, $url =~ s/expires=/expires=%2B/r, "$url=", $url =~ s/expires=(\d+)/expires=${1}0/r
    ) {
        next if $wrong eq $url;
        my $answer = $anyone->get($wrong);
        is $answer->status . ' ' . $answer->code, '401 token_invalid', 'a link that was tampered with' or diag $wrong;
    }
    is $anyone->get("/api/jobs/$id?signature=x")->code, 'token_missing', 'elsewhere a signature is nothing';
    is $mongo->count('activity_logs', { action => 'job.link', 'details.job_id' => $id }), 1, 'the link is in the audit trail';
    wait_until { $anyone->get($url)->code eq 'token_expired' } 20, 'the link to expire';
    pass 'it ends by itself';
    is $boss->post('/api/jobs/' . ended_job(status => 'failed') . '/link')->code, 'conflict_state', 'none for a failed job';
};

done_testing;

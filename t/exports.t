#!/usr/bin/perl
# A snapshot's files, opened by programs not made here: Python's csv and openpyxl, Gnumeric, jq, poppler. What is in
# them is what is in MongoDB, however nasty; asked for twice they are made once; a broken download is resumed.
use lib 't/lib';
use StockVerify::Test;
use StockVerify::Exports;
use StockVerify::Quantity qw(millionths);
use Digest::SHA 'sha256_hex';

my $stack = start_stack(settings => { JOB_CLAIM => 600, JOB_RETRY_DELAY => 50 });
my $boss = $stack->login('supervisor');
my $exports = StockVerify::Exports->new(stack => $stack, boss => $boss);

# ---- the records
my $long = 'x' x 39_997 . 'END';
my @texts = (
    q{=cmd|' /C calc'!A0}, '+1', '-1', '@x', "\tx", '  =1', "\x{ff1d}1", 'plain', 'a,b;c|d', 'say "hi"', "two\nlines", "two\r\nlines",
    ' blank ', "\x{5e9}\x{5dc}\x{5d5}\x{5dd} abc", "\x{645}\x{631}\x{62d}\x{628}\x{627}", "\x{65e5}\x{672c}\x{8a9e} \x{4e2d}\x{6587} \x{d55c}\x{ad6d}\x{c5b4}",
    "\x{939}\x{93f}\x{928}\x{94d}\x{926}\x{940} \x{e44}\x{e17}\x{e22}", "\x{1f4e6}\x{1f69a}", '<b>&amp;</b>', '_x000D_ x', "'=1", $long, undef,
);
my @quantities = ('999999999.999999', '0', '0.000001', '12.5', '-3.25', '100', '0.1', '9.95', '4.35');
sub record_of {
    my ($number) = @_;
    return (
        id => sprintf('nasty-%03d', $number), qty => $quantities[$number % @quantities], remark => $texts[$number % @texts],
        mrp => $number % 3 ? sprintf('%d.05', $number) : undef, expiry => $number % 4 ? '2028-02-29' : undef, partial => $number % 2,
        round => 1 + $number % 3, at => sprintf('2026-11-22T10:20:%02d.%03dZ', $number % 60, $number), item => "item $number",
        floor => (qw(Ground First Second))[$number % 3],
    );
}
my $COUNT = 300;
$exports->insert('nasty', $COUNT, \&record_of);
my $snapshot = $exports->snapshot("Stock count \"A/B\" \x{5728}\x{5eab}", 'nasty');
my $head = $boss->get("/api/reports/snapshots/$snapshot")->data;

# What MongoDB holds, a row a record, every value as the text CSV has for it.
sub text_of { my ($value) = @_; return defined $value ? ref $value eq 'JSON::PP::Boolean' ? $value ? 'true' : 'false' : "$value" : undef }
my @truth = map {
    my $document = plain($_);
    [map { text_of($document->{$_}) } $exports->fields];
} $stack->mongo->find(verification_records => { session_id => 'nasty' }, sort => { client_record_id => 1 });
is scalar @truth, $COUNT, 'the records are there';

subtest 'csv' => sub {
    my $answer = $exports->export($snapshot, format => 'csv');
    is $answer->header('Content-Type'), 'text/csv; charset=utf-8', 'its type';
    like $answer->header('Content-Disposition'), qr/^attachment; filename=.*\.csv/, 'its name is for saving';
    is $answer->header('ETag'), '"' . sha256_hex($answer->body) . '"', 'its ETag is the SHA-256 of it';
    my $seen = $exports->read_as(csv => $exports->keep('a.csv', $answer->body));
    my ($header, @rows) = @{ $seen->{rows} };
    is_deeply $header, [$exports->fields], 'a header';
    my @expected = map { [map { my $text = $_ // ''; $text } @$_] } @truth;
    for my $row (@expected) {
        $row->[8] = "'$row->[8]" if $row->[8] =~ /^(?:[\t\r\n]| *[=+\-@]|\x{ff1d})/;
    }
    is_deeply \@rows, \@expected, 'rows as in MongoDB, texts that look like formulas neutralised, numbers not';
    my $raw = $exports->read_as(csv => $exports->keep('raw.csv', $exports->export($snapshot, format => 'csv', raw => 'true')->body));
    is_deeply [map { $_->[8] } @{ $raw->{rows} }[1 .. $COUNT]], [map { $_->[8] // '' } @truth], 'raw: texts to the letter';
    my %delimiter = (semicolon => ';', tab => "\t", pipe => '|');
    for my $name (sort keys %delimiter) {
        my $body = $exports->export($snapshot, format => 'csv', delimiter => $name, bom => 1)->body;
        is substr($body, 0, 3), "\xef\xbb\xbf", "$name: a byte order mark";
        my $other = $exports->read_as(csv => $exports->keep("$name.csv", $body), $delimiter{$name});
        is_deeply $other->{rows}, [[$exports->fields], @expected], "$name: the same rows";
    }
    my $local = $exports->read_as(csv => $exports->keep('local.csv', $exports->export($snapshot, format => 'csv', decimal => 'comma', titles => 'true')->body), ';');
    is_deeply $local->{rows}[0], [map { $_->{title} } @{ $head->{columns} }], 'titles in the header';
    my ($qty) = grep { ($exports->fields)[$_] eq 'verified_qty' } 0 .. $#{ $local->{rows}[0] };
    is_deeply [map { $_->[$qty] } @{ $local->{rows} }[1 .. $COUNT]], [map { $_->[$qty] =~ s/\./,/r } @expected], 'decimal commas';
};

subtest 'json' => sub {
    my $path = $exports->keep('a.json', $exports->export($snapshot, format => 'json')->body);
    my $seen = $exports->read_as(json => $path);
    is_deeply $seen->{rows}, \@truth, 'rows as in MongoDB';
    is $seen->{head}{row_count}, $COUNT, 'their count';
    is $seen->{head}{digest}, $head->{digest}, "the snapshot's digest";
    is $seen->{head}{taken_at}, $head->{taken_at}, 'its time';
    like $seen->{head}{source}, qr/\Q$snapshot\E/, 'and id';
    is $exports->output('jq', '.rows | length', $path), "$COUNT\n", 'jq counts them';
    is $exports->output('jq', '-j', '.rows[21].remark', $path), $long, 'and reads a long text';
    my ($sum) = $stack->mongo->aggregate(verification_records => [{ '$match' => { session_id => 'nasty' } }, { '$group' => { _id => undef, sum => { '$sum' => '$verified_qty' } } }]);
    is millionths($seen->{head}{totals}{verified_qty}), millionths(plain($sum)->{sum}), "the total is MongoDB's, to the last digit";
    my $lines = $exports->keep('a.ndjson', $exports->export($snapshot, format => 'ndjson')->body);
    is_deeply $exports->read_as(ndjson => $lines)->{rows}, \@truth, 'ndjson: the same rows';
    is $exports->output('jq', '-s', 'length', $lines), "$COUNT\n", 'ndjson: jq counts them';
};

# How a value stands in a spreadsheet.
sub shown {
    my ($name, $value) = @_;
    return undef if !defined $value || $value eq '';
    return "b:$value" if $name eq 'partial';
    return 'd:' . ($value =~ /\./ ? $value : $value =~ s/Z/.000Z/r) =~ s/Z$//r if $name eq 'created_at';
    return "d:${value}T00:00:00.000" if $name eq 'expiry_date';
    return "n:$value" if $name =~ /^(?:verified_qty|mrp|round)$/;
    return 's:' . $value =~ s/\r\n/\n/gr =~ s/_x000D_/_x005F_x000D_/gr;
}

subtest 'xlsx' => sub {
    my $answer = $exports->export($snapshot, format => 'xlsx');
    is $answer->header('Content-Type'), 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet', 'its type';
    my $path = $exports->keep('a.xlsx', $answer->body);
    my %sheets = map { ($_->{name} => $_) } @{ $exports->read_as(xlsx => $path)->{sheets} };
    is_deeply [sort keys %sheets], ['About', 'Long texts', 'Rows', 'Totals'], 'its sheets';
    is $sheets{Rows}{freeze}, 'A2', 'the header is frozen';
    is $sheets{Rows}{filter}, 'A1:I' . ($COUNT + 1), 'there is a filter';
    my ($header, @rows) = @{ $sheets{Rows}{rows} };
    my @names = $exports->fields;
    my @expected = map { my $row = $_; [map { shown($names[$_], $row->[$_]) } 0 .. $#names] } @truth;
    my @long = grep { ($truth[$_][8] // '') eq $long } 0 .. $#truth;
    for my $number (@long) {
        like $rows[$number][8], qr/^s:x{32000,}\x{2026} \(see Long texts\)$/, "row $number says where its long text goes on";
        $rows[$number][8] = $expected[$number][8];
    }
    is_deeply \@rows, \@expected, 'typed cells as in MongoDB';
    my (undef, @parts) = @{ $sheets{'Long texts'}{rows} };
    is_deeply [map { $_->[0] } @parts], [map { ("s:Rows!I" . ($_ + 2)) x 2 } @long], 'long texts: where they belong';
    is substr($parts[0][2], 2) . substr($parts[1][2], 2), $long, 'and the whole of one';
    my %totals = map { ($_->[0] => $_->[1]) } @{ $sheets{Totals}{rows} };
    is $totals{'s:Rows'}, "n:$COUNT", 'totals: rows';
    my %about = map { ($_->[0] => $_->[1]) } @{ $sheets{About}{rows} };
    is $about{'s:SHA-256 of rows'}, "s:$head->{digest}", 'where it is from';
    like $about{'s:Source'}, qr/\Q$snapshot\E/, 'and of which snapshot';
    # Gnumeric, a spreadsheet program, reads it too.
    $exports->output('ssconvert', '-S', $path, "$exports->{folder}/sheet.csv");
    my $gnumeric = $exports->read_as(csv => "$exports->{folder}/sheet.csv.0");
    is_deeply [map { $_->[2] + 0 } @{ $gnumeric->{rows} }[1 .. $COUNT]], [map { $_->[2] + 0 } @truth], 'Gnumeric reads the numbers';
    is $gnumeric->{rows}[1][8], $texts[0], 'and a formula as the text it is';
};

subtest 'a chart of groups' => sub {
    my $grouped = $exports->snapshot('By floor', 'nasty', query => { group_by => ['floor'], aggregations => [{ op => 'sum', field => 'verified_qty' }, { op => 'count' }] });
    my ($chart) = grep { $_->{name} eq 'Chart' } @{ $exports->read_as(xlsx => $exports->keep('g.xlsx', $exports->export($grouped, format => 'xlsx')->body))->{sheets} };
    is $chart->{charts}, 1, 'the workbook has a native chart';
    my $pdf = $exports->keep('g.pdf', $exports->export($grouped, format => 'pdf')->body);
    $exports->output('pdftoppm', '-r', 50, $pdf, "$exports->{folder}/chart");
    my ($page) = glob "$exports->{folder}/chart-*.ppm";
    my $bars = () = $exports->output('cat', $page) =~ /\x33\x66[\xa5\xa6]/g;
    cmp_ok $bars, '>', 100, 'and the PDF has bars on its first page';
    like $exports->output('pdftotext', '-layout', $pdf, '-'), qr/^ *Total +/m, 'and totals below the table';
};

subtest 'pdf' => sub {
    my $answer = $exports->export($snapshot, format => 'pdf');
    is $answer->header('Content-Type'), 'application/pdf', 'its type';
    my $path = $exports->keep('a.pdf', $answer->body);
    my $text = $exports->output('pdftotext', '-layout', $path, '-');
    utf8::decode($text);
    my @pages = split /\f/, $text;
    cmp_ok scalar @pages, '>', 3, 'it has pages';
    for my $number (0 .. $#pages) {
        like $pages[$number], qr/Page @{[ $number + 1 ]}\n/, 'page ' . ($number + 1) . ' has its number';
    }
    my @with_rows = grep { /nasty-\d{3}/ } @pages;
    is scalar(grep { /Remark/ } @with_rows), scalar @with_rows, 'each page of rows has the header';
    my %ids = map { ($_ => 1) } $text =~ /(nasty-\d{3})/g;
    is scalar keys %ids, $COUNT, 'every record is there';
    like $pages[0], qr/Stock count "A\/B" \x{5728}\x{5eab}/, 'the title';
    like $pages[0], qr/\Q$snapshot\E/, 'where it is from';
    like $text, qr/\x{65e5}\x{672c}\x{8a9e}/, 'Japanese';
    like $text, qr/\x{d55c}\x{ad6d}\x{c5b4}/, 'Korean';
    like $text, qr/\x{5e9}\x{5dc}\x{5d5}\x{5dd}/, 'Hebrew';
    like $pages[-1], qr/end in an ellipsis/, 'it says that a text did not fit';
    unlike $pages[-1], qr/no installed font/, 'and every sign has a font';
    $exports->output('pdftoppm', '-r', 30, '-gray', $path, "$exports->{folder}/page");
    my @images = glob "$exports->{folder}/page-*.pgm";
    is scalar @images, scalar @pages, 'poppler draws every page';
    my @blank = grep { my $bytes = do { open my $in, '<:raw', $_ or die; local $/; <$in> }; substr($bytes, 20) !~ /[\x00-\x80]/ } @images;
    is_deeply \@blank, [], 'and none is blank';
};

subtest 'made once' => sub {
    my $jobs = sub { return $stack->mongo->count(jobs => { type => 'snapshot.export' }) };
    my $before = $jobs->();
    my $tag = $exports->export($snapshot, format => 'csv')->header('ETag');
    is $exports->export($snapshot, format => 'csv', delimiter => 'comma', bom => 'false')->header('ETag'), $tag, 'what is asked for again is the same file';
    is $jobs->(), $before, 'without a job';
    is $boss->get("/api/reports/snapshots/$snapshot/export")->header('ETag'), $tag, 'and so is what no format is named for';
    my $other = $exports->snapshot('Twice', 'nasty');
    my @ask = ($boss, GET => "/api/reports/snapshots/$other/export", query => { format => 'ndjson' });
    my @answers = $stack->parallel(map { [@ask] } 1 .. 8);
    is_deeply [grep { $_->status !~ /^20[02]$/ } @answers], [], 'asked for by many at once';
    is $jobs->(), $before + 1, 'it is one job';
    my $answer = $boss->get("/api/reports/snapshots/$other/export", query => { format => 'json' }, headers => { Prefer => 'wait=30' });
    is $answer->status, 200, 'a client that waits gets the file';
    is $answer->json->{row_count}, $COUNT, 'all of it';
    is $boss->del("/api/reports/snapshots/$other")->status, 200, 'the snapshot goes';
    is $boss->get("/api/reports/snapshots/$other/export", query => { format => 'ndjson' })->status, 404, 'and its file can no longer be asked for there';
};

subtest 'a broken download is resumed' => sub {
    my $path = "/api/reports/snapshots/$snapshot/export";
    my $part = sub { my ($range, %more) = @_; return $boss->get($path, query => { format => 'xlsx' }, headers => { Range => $range, %more }) };
    my $whole = $exports->export($snapshot, format => 'xlsx');
    my ($tag, $size) = ($whole->header('ETag'), length $whole->body);
    my $first = $part->('bytes=0-9999');
    is $first->status, 206, 'the first part';
    my $rest = $part->('bytes=10000-', 'If-Range' => $tag);
    is $rest->status, 206, 'the rest of the same file';
    is $rest->header('Content-Range'), 'bytes 10000-' . ($size - 1) . "/$size", 'says where it belongs';
    ok $first->body . $rest->body eq $whole->body, 'together they are the file';
    is $part->('bytes=10000-', 'If-Range' => '"another"')->status, 200, 'of another file: all of this one';
    is $part->("bytes=$size-")->status, 416, 'behind its end there is nothing';
    my $head = $boss->request(HEAD => $path, query => { format => 'xlsx' });
    is $head->header('Content-Length'), $size, 'HEAD tells the size';
    is $head->header('ETag'), $tag, 'and the tag';
    is $boss->get($path, query => { format => 'xlsx' }, headers => { 'If-None-Match' => $tag })->status, 304, 'unchanged';
};

subtest 'wrong requests' => sub {
    my $path = "/api/reports/snapshots/$snapshot/export";
    for my $wrong (
        [format => 'doc'], [format => 'csv', decimal => 'comma', delimiter => 'comma'], [format => 'json', titles => 'true'],
        [format => 'csv', delimiter => 'x'], [format => 'csv', bom => 'maybe'], [format => 'pdf', raw => 'true'], [format => 'csv', more => 1],
    ) {
        is $boss->get($path, query => {@$wrong})->status, 400, "@$wrong";
    }
    is $boss->get('/api/reports/snapshots/none/export', query => { format => 'csv' })->status, 404, 'no such snapshot';
    like $boss->get("/api/reports/snapshots/$_/export", query => { format => 'csv' })->status, qr/^40[04]$/, "no snapshot $_"
        for '..%2F..%2Fetc%2Fpasswd', '..', '%00', '$where', 'a%2Fb';
    is $stack->login('staff')->get($path, query => { format => 'csv' })->status, 403, 'staff may not';
    is $stack->client->get($path, query => { format => 'csv' })->status, 401, 'nobody may not';
};

subtest 'a file that cannot be made' => sub {
    my $lost = $exports->snapshot('Lost', 'nasty');
    $stack->mongo->run(delete => 'report_snapshot_blocks', deletes => [{ q => { snapshot_id => { '$regex' => "^$lost" } }, limit => 0 }]);
    for my $method (qw(GET HEAD)) {
        my $answer = $boss->request($method => "/api/reports/snapshots/$lost/export", query => { format => 'json' }, headers => { Prefer => 'wait=30' });
        is $answer->status, 409, "$method is no success, which would be taken for the file";
        next if $method eq 'HEAD';
        is $answer->code, 'conflict_state', 'its code';
        my ($job) = $answer->text =~ /The job ([0-9a-f-]{36}) is failed/;
        ok $job, 'the job is named' or next;
        is $boss->get("/api/jobs/$job")->data->{status}, 'failed', 'and says why';
    }
};

subtest 'many rows' => sub {
    my $MANY = 50_001;
    $stack->stop_part('worker'); # a fresh one has no fonts of PDFs in its memory
    $stack->start_part('worker');
    $exports->insert('many', $MANY, sub { my ($n) = @_; return (id => sprintf('many-%06d', $n), qty => ($n % 1000) . '.25', remark => "remark $n") });
    my $many = $exports->snapshot('Many', 'many', seconds => 120);
    my $answer = $boss->get("/api/reports/snapshots/$many/export", query => { format => 'pdf' });
    is $answer->status . ' ' . $answer->code, '422 too_many_rows', 'more than a PDF holds';
    my $worker = $stack->state->{pids}{worker};
    my $csv = $exports->read_as(csv => $exports->keep('many.csv', $exports->export($many, format => 'csv')->body));
    is scalar @{ $csv->{rows} }, $MANY + 1, 'csv: all rows';
    is_deeply [map { $csv->{rows}[$_][0] } 1, $MANY], ['many-000000', sprintf 'many-%06d', $MANY - 1], 'csv: the first and the last';

    # Killed in the middle, another attempt makes the whole file, and it is the only one.
    my $job = $boss->get("/api/reports/snapshots/$many/export", query => { format => 'xlsx' })->data;
    wait_until { ($boss->get("/api/jobs/$job->{job_id}")->data->{progress} || { done => 0 })->{done} > 0 } 30, 'the export to be under way';
    my ($peak) = do { open my $in, '<', "/proc/$worker/status" or die "$worker: $!"; local $/; <$in> } =~ /^VmHWM:\s*(\d+) kB/m;
    $stack->kill_part('worker');
    $stack->start_part('worker');
    $job = $exports->await_job($job->{job_id}, 120);
    is $job->{status}, 'succeeded', 'an export whose worker was killed succeeds';
    my @files = glob "$stack->{directory}/spool/jobs/$job->{job_id}/*";
    is scalar @files, 1, 'with one file';
    my $path = $exports->keep('many.xlsx', $exports->export($many, format => 'xlsx')->body);
    is '"' . sha256_hex($exports->output('cat', $path)) . '"', $job->{etag}, 'which is what was announced';
    my ($rows) = @{ $exports->read_as('xlsx-sums' => $path)->{sheets} };
    is $rows->{rows}, $MANY, 'and whole';
    is $rows->{sums}{2}, 50 * 499_500 + $MANY * 0.25, 'to the sum of its numbers';
  SKIP: {
        skip 'sanitizers take memory of their own', 1 if $ENV{STOCKVERIFY_TEST_ASAN};
        cmp_ok $peak, '<', 64 * 1024, "the worker never had 64 MB resident ($peak kB)";
    }
};

done_testing;

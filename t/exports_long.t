#!/usr/bin/perl
# 1,100,000 rows through a snapshot, CSV and XLSX with a worker that stays small. Takes many minutes, most of them to
# insert the records: runs only with STOCKVERIFY_LONG=1.
use lib 't/lib';
use StockVerify::Test;
use StockVerify::Exports;
use Digest::SHA;

plan skip_all => 'takes long; STOCKVERIFY_LONG=1 runs it' unless $ENV{STOCKVERIFY_LONG};

my ($ROWS, $SHEET) = (1_100_000, 1_048_575);
my $stack = start_stack(settings => { MONGODB_TIMEOUT => 60_000, ACCESS_TOKEN_TTL => 7200 });
my $exports = StockVerify::Exports->new(stack => $stack, boss => $stack->login('supervisor'));

$exports->insert('long', $ROWS, sub { my ($n) = @_; return (id => sprintf('long-%07d', $n), qty => ($n % 1000) . '.25', remark => "remark $n") });
pass "$ROWS records are there";
my $snapshot = $exports->snapshot('Long', 'long', seconds => 1200);

# Streams a file from the server to the disk: its path.
sub download {
    my ($format) = @_;
    my $path = "$exports->{folder}/long.$format";
    my $id = $exports->{boss}->get("/api/reports/snapshots/$snapshot/export", query => { format => $format })->data->{job_id};
    my $job = $exports->await_job($id, 1200);
    is $job->{status}, 'succeeded', "$format: made";
    $exports->output('curl', '-sSf', '-o', $path, '-H', 'Authorization: Bearer ' . $exports->{boss}->token, $stack->url . "/api/jobs/$id/result");
    is '"' . Digest::SHA->new(256)->addfile($path, 'b')->hexdigest . '"', $job->{etag}, "$format: downloaded whole";
    return $path;
}

sub peak_kb {
    my $pid = $stack->state->{pids}{worker};
    open my $in, '<', "/proc/$pid/status" or die "$pid: $!";
    return (do { local $/; <$in> } =~ /^VmHWM:\s*(\d+) kB/m)[0];
}

subtest 'csv' => sub {
    my $seen = $exports->read_as('csv-sums' => download('csv'));
    is $seen->{rows}, $ROWS, 'all rows';
    is $seen->{sums}{2}, sprintf('%.2f', $ROWS / 1000 * 499_500 + $ROWS * 0.25), 'to the sum of their numbers';
};

subtest 'xlsx' => sub {
    my %sheets = map { ($_->{name} => $_) } @{ $exports->read_as('xlsx-sums' => download('xlsx'))->{sheets} };
    is $sheets{Rows}{rows}, $SHEET, 'a full sheet';
    is $sheets{'Rows 2'}{rows}, $ROWS - $SHEET, 'and the rest in another';
    is $sheets{Rows}{sums}{2} + $sheets{'Rows 2'}{sums}{2}, $ROWS / 1000 * 499_500 + $ROWS * 0.25, 'to the sum of their numbers';
};

is $exports->{boss}->get("/api/reports/snapshots/$snapshot/export", query => { format => 'pdf' })->code, 'too_many_rows', 'no PDF holds them';

SKIP: {
    skip 'sanitizers take memory of their own', 1 if $ENV{STOCKVERIFY_TEST_ASAN};
    my $peak = peak_kb();
    cmp_ok $peak, '<', 64 * 1024, "the worker never had 64 MB resident ($peak kB)";
}

done_testing;

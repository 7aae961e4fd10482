#!/usr/bin/perl
# A spool that is another database's: the worker leaves it alone and says so, and says too when it cannot tell whose.
use lib 't/lib';
use File::Path 'make_path';
use StockVerify::Test;

my $stack = start_stack();
my $spool = "$stack->{stack}{directory}/spool";
my $mark = "$spool/stockverify-spool";
my $folder = "$spool/jobs/0d9a3f1e-5c7b-4e2a-9f60-1b2c3d4e5f60";
$stack->expect_log(qr/spool\.foreign/);

sub slurp { my ($file) = @_; open my $in, '<', $file or return; local $/; return <$in> }
sub spurt { my ($file, $text) = @_; open my $out, '>', $file or die "$file: $!"; print {$out} $text; close $out or die $! }

# The worker does not stay: what it said last.
sub refusal {
    my ($what) = @_;
    my $before = () = $stack->log_lines('worker');
    ok !eval { $stack->start_part('worker'); 1 } || !$stack->is_running('worker'), "$what: no worker runs";
    my @lines = $stack->log_lines('worker');
    my ($line) = grep { /spool\.foreign/ } @lines[$before .. $#lines];
    return $line // '';
}

my $ours = slurp($mark);
like $ours, qr/^[0-9a-f-]{36} \S+$/, 'the spool has a mark of its database';
$stack->stop_part('worker');

# As if this worker's SPOOL_DIR named the spool of production.
make_path($folder);
spurt("$folder/result.csv", "theirs\n");
utime 1, 1, $folder, "$folder/result.csv";
spurt($mark, "7f0c1a2b-3d4e-4f50-8a6b-9c0d1e2f3a4b production\n");
my $line = refusal('the mark of another database');
like $line, qr/SPOOL_DIR is another database's/, 'it says whose directory it is not';
like $line, qr/7f0c1a2b-3d4e-4f50-8a6b-9c0d1e2f3a4b production/, 'and whose it is';
is slurp("$folder/result.csv"), "theirs\n", 'the files there stand as they were';

unlink $mark;
$line = refusal('no mark, and files of jobs that are unknown here');
like $line, qr/no mark of whose they are/, 'it asks whose they are';
my ($wanted) = $line =~ /write the line \\"(.+?)\\" to/;
is "$wanted\n", $ours, 'with the line that would make it ours' or diag $line;
is slurp("$folder/result.csv"), "theirs\n", 'and the files stand still';

# Somebody says that they are ours.
spurt($mark, "$wanted\n");
$stack->start_part('worker');
ok $stack->is_running('worker'), 'with its mark the worker runs';
my $boss = $stack->login('supervisor');
my $job = $boss->post('/api/reports/generate', { type => 'stock_summary', format => 'csv' }, headers => { Prefer => 'wait=30' });
is $job->status, 201, 'and works' or diag $job->text;

done_testing;

#!/usr/bin/env perl
# README's walk through the API, run as somebody would paste it into a shell beside a stack: every call succeeds, and the
# last of them show what the text around them says.

use FindBin;
use lib "$FindBin::Bin/lib";
use StockVerify::Test;
use File::Temp ();
use Mojo::File 'path';

my $root = "$FindBin::Bin/..";
my $stack = start_stack();

# A stack of tests lies elsewhere than ./run, and a call that fails must not go unseen.
my $place = path(File::Temp::tempdir(CLEANUP => 1));
symlink $stack->{directory}, "$place/run" or die "run: $!";
symlink "$root/build", "$place/build" or die "build: $!";
my $prologue = <<'SHELL';
set -euo pipefail
curl() { command curl --fail-with-body "$@"; }
SHELL

my ($walk) = path("$root/README.md")->slurp =~ /^(All of it is in the API.*?)^Each of those is a job/ms or die 'README has no walk';
my @lines = map { /^ {4}(.*)/ ? $1 : () } split /\n/, $walk;
cmp_ok scalar(grep { /curl/ } @lines), '>', 12, 'the walk makes calls';
write_file("$place/walk.sh", join "\n", $prologue, @lines, "");

my $output = `cd '$place' && bash -x walk.sh 2>trace`;
is $? >> 8, 0, 'every call succeeds' or diag $output, $place->child('trace')->slurp;

my ($count) = $place->child('trace')->slurp =~ /^\+ COUNT=(\S+)$/m;
my $supervisor = $stack->login('supervisor');
my $review = $supervisor->get("/api/sessions/$count/review?state=accepted")->data;
is_deeply [map { [@$_{qw(item_code verified_qty)}] } @{ $review->{items} }], [['ITM-00231', 187]], 'what was counted is a line of the review';
my $set = $supervisor->get("/api/adjustments/$count")->data;
is $set->{line_count}, 1, 'and of what was approved';
like $place->child('run/tmp/stock.csv')->slurp, qr/ITM-\d+/, 'a CSV file of the snapshot';
like $place->child('run/tmp/stock.xlsx')->slurp, qr/\APK/, 'an XLSX file';
like $place->child('run/tmp/stock.pdf')->slurp, qr/\A%PDF-/, 'a PDF file';
like $output, qr/^\S+ +succeeded snapshot\.export /m, 'the jobs behind them';

done_testing;

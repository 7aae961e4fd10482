#!/usr/bin/perl
# A TypeScript client is generated from openapi.yaml, compiles under `strict`, and counts a rack.
use lib 't/lib';
use Cpanel::JSON::XS 'decode_json';
use File::Copy 'copy';
use File::Temp 'tempdir';
use StockVerify::Test;

chomp(my $tools = qx(scripts/deps --test-node));
BAIL_OUT('scripts/deps test installs what this needs') unless length $tools;
my $made = tempdir(CLEANUP => 1, DIR => $ENV{STOCKVERIFY_TEST_RUNS});
symlink "$tools/node_modules", "$made/node_modules" or die "$made/node_modules: $!";
copy($_, $made) or die "$_: $!" for 't/typescript/client.ts', "$tools/package.json";

sub run {
    my ($program, @arguments) = @_;
    my $text = qx($program @arguments 2>&1);
    return ($? >> 8, $text);
}

my ($status, $text) = run("$tools/node_modules/.bin/openapi-typescript", 'openapi.yaml', '-o', "$made/api.ts");
is $status, 0, 'types are generated' or diag $text;
($status, $text) = run(
    "cd $made && node_modules/.bin/tsc", qw(--strict --noUncheckedIndexedAccess --exactOptionalPropertyTypes --skipLibCheck
    --target es2022 --module nodenext --moduleResolution nodenext --outDir . client.ts),
);
is $status, 0, 'and a client with them compiles' or die $text;

my $stack = start_stack();
my ($asha) = $stack->users('staff');
($status, $text) = run('node', "$made/client.js", $stack->url, $asha->{username}, $asha->{password});
is $status, 0, 'which runs' or diag $text;
my ($first, $second) = map { eval { decode_json($_) } || {} } split /\n/, $text;
like $first->{ok}[0], qr/^typescript-/, 'claims a rack and has a record stored' or diag $text;
is $first->{verified}, 1, 'completes it';
is_deeply $first->{unsent}, [], 'with nothing left';
is $second->{code}, 'session_completed', 'and reads a refusal by its code';

done_testing;

#!/usr/bin/perl
# A TypeScript client is generated from openapi.yaml, compiles under `strict`, and counts a rack; the types that the
# console is built with are those.
use lib 't/lib';
use Cwd ();
use Cpanel::JSON::XS 'decode_json';
use File::Compare 'compare';
use File::Copy 'copy';
use File::Temp 'tempdir';
use StockVerify::Test;

chomp(my $node = qx(scripts/deps --node));
BAIL_OUT('scripts/deps build installs what this needs') unless length $node;
$ENV{PATH} = "$node:$ENV{PATH}";
my $tools = Cwd::getcwd() . '/console/node_modules';
my $made = tempdir(CLEANUP => 1, DIR => $ENV{STOCKVERIFY_TEST_RUNS});
symlink $tools, "$made/node_modules" or die "$made/node_modules: $!";
copy('t/typescript/client.ts', $made) or die "t/typescript/client.ts: $!";
open my $package, '>', "$made/package.json" or die "$made/package.json: $!";
print $package '{"type": "module"}';
close $package or die "$made/package.json: $!";

sub run {
    my ($program, @arguments) = @_;
    my $text = qx($program @arguments 2>&1);
    return ($? >> 8, $text);
}

my ($status, $text) = run("$tools/.bin/openapi-typescript", 'openapi.yaml', '-o', "$made/api.ts");
is $status, 0, 'types are generated' or diag $text;
is compare("$made/api.ts", 'console/client/src/api.gen.ts'), 0, "the console's types are fresh"
    or diag 'openapi.yaml changed since: make api-types, and commit console/client/src/api.gen.ts';
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

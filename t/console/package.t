#!/usr/bin/perl
# What `npm pack` makes of @stockverify/client: publint and arethetypeswrong find nothing in it, and it needs no other package.
use strict;
use warnings;
use Cpanel::JSON::XS 'decode_json';
use Cwd 'getcwd';
use File::Temp 'tempdir';
use Test::More;

chomp(my $node = qx(scripts/deps --node));
BAIL_OUT('scripts/deps build installs what this needs') unless length $node;
$ENV{PATH} = "$node:$ENV{PATH}";
my $folder = tempdir(CLEANUP => 1);
my $bin = getcwd() . '/console/node_modules/.bin';

sub says {
    my ($what, $command) = @_;
    my $text = qx($command 2>&1);
    is $?, 0, $what or diag $text;
    return $text;
}

says('it packs', "cd console/client && npm pack --silent --pack-destination $folder");
my ($archive) = glob "$folder/*.tgz";
ok $archive, 'into one archive';
says('publint', "$bin/publint --strict $archive");
says('arethetypeswrong', "$bin/attw --profile esm-only $archive");
my @files = split /\n/, says('it is listed', "tar -tzf $archive");
is_deeply [grep { !m{^package/(?:dist/|README\.md$|package\.json$)} } @files], [], 'nothing else is in it';
open my $in, '<', 'console/client/package.json' or die $!;
my $package = decode_json(do { local $/; <$in> });
is_deeply $package->{dependencies} // {}, {}, 'no dependency';

done_testing;

#!/usr/bin/perl
# @stockverify/client against a whole stack, through a proxy that loses answers: every figure is stored once, whatever was
# lost, and a counter that is killed with -9 goes on from his SQLite file.
use lib 't/lib';
use Cpanel::JSON::XS 'decode_json';
use File::Temp 'tempdir';
use StockVerify::Test;

chomp(my $node = qx(scripts/deps --node));
BAIL_OUT('scripts/deps build installs what this needs') unless length $node;
my $stack = start_stack();
my ($asha) = $stack->users('staff');
my $folder = tempdir(CLEANUP => 1, DIR => $ENV{STOCKVERIFY_TEST_RUNS});

sub told {
    my ($what, @arguments) = @_;
    my @command = ("$node/node", '--enable-source-maps', 't/console/client.mjs', $what, $stack->url, $asha->{username}, $asha->{password}, @arguments);
    open my $out, '-|', @command or die "node: $!";
    my $text = do { local $/; <$out> };
    close $out;
    return eval { decode_json($text) } || diag("$what: $text") && {};
}

my ($many, $killed, $histories) = map { $stack->rack } 1 .. 3;

my $told = told(dropped => $many);
is $told->{stored}, 500, '500 figures through lost answers are 500 on the server';
is $told->{different}, 500, 'each under one id';
cmp_ok $told->{lost}, '>', 2, 'and answers were lost';
is $told->{lease}, 'ended', 'the rack is completed';
cmp_ok $told->{events}, '>', 0, 'and its events were heard';

$told = told(killed => $killed, "$folder/phone.db");
cmp_ok $told->{heard}, '>=', 60, 'a counter without network is killed with -9 in the middle';
is $told->{missing}, 0, 'whatever he had heard the sound for is stored after a restart';
is $told->{twice}, 0, 'once';
is $told->{unsent}, 0, 'and nothing is left on the phone';

$told = told(histories => $histories);
is $told->{histories}, 50, '50 histories of counts, edits, withdrawals and restarts';
is_deeply $told->{wrong}, [], 'end with the figures that were heard last';

done_testing;

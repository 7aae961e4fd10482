#!/usr/bin/perl
# Requests that schemathesis makes from openapi.yaml, good and bad ones, as each role, half a minute long: no answer is a server's fault, and
# every one is what the document says.
use lib 't/lib';
use Cwd ();
use StockVerify::Test;

# What a schema cannot say (which cursors, zones and sessions there are) makes 4xx of requests that fit it, so that check
# is left out; a stream of events does not end; a log-out, and what an administrator ends logins with, would leave the rest without a token; /metrics is refused by nginx itself; the paths of
# update-master, of an import of racks, and of accepting and excluding are also those of an item or a rack called so: Allow names both.
my @OPTIONS = (
    qw(--phases examples,coverage,fuzzing --max-examples 2 --workers 1 --seed 1 --generation-deterministic --continue-on-failure --no-color --max-time 30),
    '--exclude-checks', 'positive_data_acceptance', (map { ('--exclude-operation-id', $_) } qw(auth_logout user_revoke user_reset_password user_disable)), '--exclude-path-regex', "'^/metrics|/update-master\$|/racks/import\$|/review/(?:accept|exclude)\$|/events\$'",
);

chomp(my $python = qx(scripts/deps --test-python));
BAIL_OUT('scripts/deps test installs what this needs') unless length $python;
my $here = Cwd::getcwd();
my $stack = start_stack(settings => { LOGIN_ATTEMPTS => 100, SYNC_RATE_LIMIT => 100_000 });

for my $role (qw(staff supervisor admin)) {
    my $who = $stack->login($role);
    my $log = "$stack->{stack}{directory}/log/schemathesis.$role";
    my $config = '--config-file t/schemathesis.toml';
    system("$python -m schemathesis.cli $config run openapi.yaml --url " . $stack->url . " -H 'Authorization: Bearer " . $who->token . "' @OPTIONS >$log 2>&1");
    is $? >> 8, 0, "as $role: every answer is what openapi.yaml says";
    open my $in, '<:encoding(UTF-8)', $log or die "$log: $!";
    my @lines = <$in>;
    my ($generated) = map { /(\d+) generated/ } @lines;
    cmp_ok $generated // 0, '>', 0, 'to as many requests as there was time for';
    diag map { substr($_, 0, 300) . "\n" } map { s/\n//r } @lines[0 .. ($#lines < 150 ? $#lines : 150)] if $? || !$generated;
    is $who->get('/api/auth/me')->status, 200, 'and the login still lives';
}

done_testing;

#!/usr/bin/perl
# Two workers under a running shift, one or both of them killed, stopped and woken again: the other takes over, totals
# stay exact, the audit chain does not fork, holds are written.
use lib 't/lib';
use StockVerify::Test;
use StockVerify::Process qw(spawn is_alive signal_group);
use StockVerify::Storm;

my $stack = start_stack(settings => {
    SYNC_RATE_LIMIT => 0, WORKER_TOTALS_INTERVAL => 20, WORKER_AUDIT_INTERVAL => 50, WORKER_WRITE_BEHIND_INTERVAL => 100,
    WORKER_REAPER_INTERVAL => 100,
});
my $second;

# A second worker of the same stack, as on another host.
sub start_second {
    my $inner = $stack->{stack};
    $second = spawn($inner->state->{commands}{worker}, $stack->state->{logs}{worker},
        directory => $stack->{directory}, env => $inner->environment('worker'));
    return;
}
sub kill_second { signal_group($second, 'KILL'); wait_until { !is_alive($second) } 10, 'its end'; return }
END { local $?; signal_group($second, 'KILL') if $second && is_alive($second) }

my %first = (
    kill => sub { $stack->kill_part('worker') }, start => sub { $stack->start_part('worker') },
    stop => sub { $stack->pause_part('worker') }, wake => sub { $stack->cont_part('worker') },
);
my %other = (
    kill => \&kill_second, start => \&start_second,
    stop => sub { signal_group($second, 'STOP') }, wake => sub { signal_group($second, 'CONT') },
);

sub sealed  { return ($stack->mongo->find_one('audit_chain', { _id => 'head' }) || { seq => 0 })->{seq} }
sub now     { return plain($stack->mongo->run('{"hello": 1}')->{localTime}) }
sub derived { return $stack->mongo->count('session_book', { 'counted.at' => { '$gt' => { '$date' => $_[0] } } }) }
sub held    { return $stack->mongo->count('rack_registry', { status => 'claimed', held_at => { '$gt' => { '$date' => $_[0] } } }) }

my $storm = StockVerify::Storm->new(stack => $stack, people => 8, batches => 6)->begin;

# Whoever works takes up everything: the trail, the totals and the holds move on from here.
sub all_moves_on {
    my ($what) = @_;
    my ($since, $seq) = (now(), sealed());
    $storm->await({ 'sync 200' => 8 }, "$what: the duties are done",
        sub { return sealed() > $seq && derived($since) && held($since) });
    return;
}

start_second();
all_moves_on('two workers');
for my $case ([first => \%first], [second => \%other]) {
    my ($name, $worker) = @$case;
    $worker->{kill}->();
    all_moves_on("the $name killed");
    $worker->{start}->();
    all_moves_on("the $name started again");
    $worker->{stop}->();
    all_moves_on("the $name stopped");
    $worker->{wake}->();
    all_moves_on("the $name awake again");
}
$_->{stop}->() for \%first, \%other;
$storm->await({ 'sync 200' => 24, 'heartbeat 200' => 24 }, 'both stopped: the floor goes on');
$_->{wake}->() for \%first, \%other;
all_moves_on('both awake at once');
$_->{kill}->() for \%first, \%other;
$storm->await({ 'sync 200' => 24, 'heartbeat 200' => 24 }, 'both killed: the floor goes on');
$_->{start}->() for \%other, \%first;
all_moves_on('both started again');

$storm->end;
$storm->stands;
done_testing;

package StockVerify::Stack;

# A local stack: a run directory with a Redis, a MongoDB server, a worker and nginx of its own on loopback ports.
# What runs is written in DIR/stack.json (mode 0600), for tests, benchmarks and anyone's script.

use strict;
use warnings;
use Config ();
use Cwd ();
use Fcntl ':flock';
use File::Path qw(make_path remove_tree);
use JSON::PP ();
use StockVerify::Mongo;
use StockVerify::Erp;
use StockVerify::Interrupt;
use StockVerify::Parts;
use StockVerify::Process qw(spawn is_alive end_process signal_group start_time wait_until tail children);
use StockVerify::Redis;
use StockVerify::Reservation qw(reserve_port reserve_name release_all);
use StockVerify::Seed;
use StockVerify::Settings;
use StockVerify::Setup;

my $JSON = JSON::PP->new->utf8->canonical->pretty;

# The order of starting; stopping goes the other way.
my @PARTS = qw(redis mongodb worker nginx);

# root => the project's folder, directory => the run directory, build => the build folder, quiet => no progress
sub new {
    my ($class, %option) = @_;
    my $self = bless {%option}, $class;
    $self->{root} = Cwd::abs_path($self->{root});
    $self->{build} //= StockVerify::Setup::build_directory($self->{root});
    $self->{directory} = Cwd::getcwd() . "/$self->{directory}" unless $self->{directory} =~ m{^/};
    die "the run directory's path may not hold spaces, quotes or control characters: $self->{directory}\n"
        if $self->{directory} =~ /[\s"'\\;{}]/;
    $self->{table} = StockVerify::Settings->new("$self->{root}/core/settings/settings.def");
    $self->load;
    return $self;
}

sub parts { return @PARTS }
sub state { return $_[0]{state} }
sub file  { return "$_[0]{directory}/$_[1]" }

# What its parts and the programs that started them wrote, whether they still run or not.
sub log_files {
    my ($self) = @_;
    my $folder = $self->file('log');
    opendir my $entries, $folder or return;
    return map { "$folder/$_" } sort grep { /\.log$/ } readdir $entries;
}

sub say {
    my ($self, $text) = @_;
    print "$text\n" unless $self->{quiet};
    return;
}

sub load {
    my ($self) = @_;
    $self->{state} = undef;
    open my $in, '<', $self->file('stack.json') or return;
    $self->{state} = eval { $JSON->decode(do { local $/; <$in> }) };
    return;
}

sub save {
    my ($self) = @_;
    write_file($self->file('stack.json'), $JSON->encode($self->{state}));
    return;
}

# Secrets stand in most of these files, so none is ever readable by others, not even for a moment.
sub write_file {
    my ($file, $text) = @_;
    my $umask = umask 0077;
    open my $out, '>', "$file.new" or die "$file.new: $!\n";
    umask $umask;
    print {$out} $text;
    close $out or die "$file.new: $!\n";
    rename "$file.new", $file or die "$file: $!\n";
    return;
}

sub locked {
    my ($self, $work) = @_;
    make_path($self->{directory}, { mode => 0700 });
    open my $lock, '>', $self->file('.lock') or die $self->file('.lock') . ": $!\n";
    flock $lock, LOCK_EX or die "flock: $!\n";
    $self->load;
    return $work->();
}

# The part's process as {pid, started}; undef when it isn't ours or never ran.
sub process {
    my ($self, $part) = @_;
    my $pid = $self->{state} && $self->{state}{pids}{$part} or return;
    return { pid => $pid, started => $self->{state}{started}{$part} };
}

sub is_running {
    my ($self, $part) = @_;
    return is_alive($self->process($part));
}

# Parts this stack starts itself, as opposed to servers of the caller's own.
sub own_parts {
    my ($self) = @_;
    return grep { $self->{state}{commands}{$_} } @PARTS;
}

# Brings everything up; what runs already is left alone. Options: port, settings {}, asan, main, server, log_level,
# seed (default on), template (a folder that keeps a seeded store between stacks), stores_only (an open Redis and the
# MongoDB server, nothing else), erp (an ERP of its own, with the demo items), furnish (called once all of it runs, before it is
# said to be up). What fails, or is interrupted, stops what it started, and removes what it began to fill.
sub up {
    my ($self, %option) = @_;
    return $self->locked(
        sub {
            if ($self->{state} && $self->{state}{state} eq 'up') {
                my @dead = grep { !$self->is_running($_) } $self->own_parts;
                $self->start_part($_) for @dead;
                return @dead ? 'repaired' : 'running';
            }
            $self->clear_remains if $self->{state};
            eval { $self->bring_up(%option); 1 } or do {
                my $why = $@;
                if (StockVerify::Interrupt::came()) {
                    $self->say('Interrupted: stopping what was started');
                    StockVerify::Interrupt::ignore();
                }
                eval { $self->take_down(0) };
                die $why;
            };
            return 'started';
        }
    );
}

# A stack that broke off while starting, or whose host restarted.
sub clear_remains {
    my ($self) = @_;
    $self->take_down(0);
    return;
}

sub bring_up {
    my ($self, %option) = @_;
    my $directory = $self->{directory};
    my $is_new = !-e "$directory/data/mongodb";
    make_path(map { "$directory/$_" } qw(log data/redis data/mongodb spool secrets tmp));
    chmod 0700, $directory;
    $self->{state} = StockVerify::Parts::plan($self, %option);
    $self->{state}{is_new} = JSON::PP::true if $is_new;
    $self->save;
    my $templated = $self->copy_template($option{template});
    StockVerify::Parts::write_files($self);
    $self->begin_part($_) for grep { $self->{state}{commands}{$_} } qw(redis mongodb);
    $self->await_part($_) for qw(redis mongodb);
    $self->bring_up_programs($templated, %option) unless $option{stores_only};
    $option{furnish}->() if $option{furnish};
    StockVerify::Interrupt::check();
    delete $self->{state}{is_new};
    $self->{state}{state} = 'up';
    $self->save;
    return;
}

sub bring_up_programs {
    my ($self, $templated, %option) = @_;
    $self->check_configuration;
    if (($option{seed} // 1) && !$templated && !-e $self->file('seeded')) {
        StockVerify::Seed::seed($self);
        $self->make_template($option{template});
        write_file($self->file('seeded'), "$self->{state}{database}\n");
    }
    StockVerify::Erp::make($self) if $option{erp};
    $self->{state}{users} = StockVerify::Seed::users($self);
    $self->start_part($_) for qw(worker nginx);
    return;
}

sub check_configuration {
    my ($self) = @_;
    my $state = $self->{state};
    $self->run_tool(nginx_test => [@{ $state->{commands}{nginx} }, '-t']);
    # A new database has no indexes yet, which the check would find fault with.
    $self->run_tool(check => $self->ctl_command(qw(indexes ensure)), MONGODB_TIMEOUT => 60_000) unless -e $self->file('seeded');
    $self->run_tool(check => $self->ctl_command('check', '--before-start', $self->check_options));
    return;
}

# Everything of a local stack runs as who started it.
sub check_options {
    my ($self) = @_;
    my $me = getpwuid $>;
    return (defined $me ? ('--worker-user', $me, '--nginx-user', $me) : (), $self->{state}{commands}{nginx} ? ('--nginx-conf', $self->file('nginx.conf')) : ());
}

sub ctl_command {
    my ($self, @words) = @_;
    return ["$self->{build}/stockverifyctl", '-c', $self->file('worker.conf'), @words];
}

# Runs a program to its end with its output in DIR/log/NAME.log; dies with what it said when it fails.
# What follows the command goes before the stack's own settings.
sub run_tool {
    my ($self, $name, $command, %environment) = @_;
    my $log = $self->file("log/$name.log");
    StockVerify::Interrupt::check();
    my $process = spawn($command, $log, env => { %{ $self->environment($name =~ /^nginx/ ? 'nginx' : 'ctl') }, %environment });
    if (!eval { waitpid $process->{pid}, 0; 1 }) {
        my $why = $@;
        end_process($process, 'TERM', 5);
        die $why;
    }
    return if $? == 0;
    die sprintf "%s failed (%s):\n%s", join(' ', @$command), $? & 127 ? 'signal ' . ($? & 127) : 'exit ' . ($? >> 8),
        tail($log, 20);
}

# Nothing of the caller's environment may override what the stack's files say.
sub environment {
    my ($self, $part) = @_;
    my %unset = map { ($_->{environment} => undef) } values %{ $self->{table}{row} };
    # The driver's counters are files in /dev/shm named after processes; those that are killed leave theirs, and a later
    # process of the same number complains of it.
    return { %unset, REDIS_PASSWORD => undef, MONGOC_DISABLE_SHM => 1, %{ $self->{state}{env}{$part} || {} } };
}

sub begin_part {
    my ($self, $part) = @_;
    my $state = $self->{state};
    $self->{log_start}{$part} = -s $state->{logs}{$part} // 0;
    StockVerify::Interrupt::hold(sub {
        my $process = spawn($state->{commands}{$part}, $state->{logs}{$part},
            directory => $self->{directory}, env => $self->environment($part));
        $state->{pids}{$part} = $process->{pid};
        $state->{started}{$part} = $process->{started};
        $self->save;
    });
    return;
}

sub await_part {
    my ($self, $part) = @_;
    my $limit = $ENV{STOCKVERIFY_STACK_LIMIT} // 60;
    my $own = $self->{state}{commands}{$part};
    my $ready = wait_until(
        sub {
            die $self->complaint($part, 'ended while starting') if $own && !$self->is_running($part);
            return StockVerify::Parts::is_ready($self, $part);
        },
        $limit
    );
    die $self->complaint($part, "was not ready within $limit s") unless $ready;
    return;
}

sub complaint {
    my ($self, $part, $what) = @_;
    my $text = "$part $what\n" . ($self->{refusal}{$part} // '');
    my $logs = $self->{state}{logs};
    for my $log (grep { defined && -s } map { $logs->{$_} } $part eq 'nginx' ? qw(nginx error) : $part) {
        $text .= "--- $log\n" . tail($log, 25);
    }
    return $text;
}

sub start_part {
    my ($self, $part) = @_;
    die "$part is not started by this stack\n" unless $self->{state} && $self->{state}{commands}{$part};
    return 0 if $self->is_running($part);
    $self->begin_part($part);
    $self->await_part($part);
    return 1;
}

# Asks the part to end as an operator would. Dies when it had to be killed.
sub stop_part {
    my ($self, $part) = @_;
    my $process = $self->process($part) or die "$part is not started by this stack\n";
    end_process($process, StockVerify::Parts::stop_signal($part), 60)
        or die $self->complaint($part, 'did not end when asked and was killed');
    return;
}

# kill -9 of the part and of everything it started.
sub kill_part {
    my ($self, $part) = @_;
    my $process = $self->process($part) or die "$part is not started by this stack\n";
    signal_group($process, 'KILL');
    wait_until(sub { !is_alive($process) }, 10) or die "$part survived kill -9\n";
    return;
}

# STOP and CONT reach everything the part started, other signals its main process.
sub signal_part {
    my ($self, $part, $signal) = @_;
    my $process = $self->process($part) or die "$part is not started by this stack\n";
    die "there is no signal $signal\n" unless grep { $_ eq $signal } split ' ', $Config::Config{sig_name};
    return $signal =~ /^(?:STOP|CONT)$/ ? signal_group($process, $signal) : kill $signal, $process->{pid};
}

sub nginx_workers {
    my ($self) = @_;
    my $process = $self->process('nginx') or return;
    return children($process->{pid});
}

# Stops exactly what `up` started. wipe: removes the run directory too.
sub down {
    my ($self, %option) = @_;
    return $self->locked(
        sub {
            my $was_up = $self->{state} ? 1 : 0;
            my @killed = $was_up ? $self->take_down(1) : ();
            $self->wipe if $option{wipe};
            die "had to be killed: @killed\n" if @killed;
            return $was_up;
        }
    );
}

sub take_down {
    my ($self, $gently) = @_;
    my $state = $self->{state} or return;
    my @killed;
    for my $part (reverse $self->own_parts) {
        my $process = $self->process($part) or next;
        my $signal = StockVerify::Parts::stop_signal($part);
        push @killed, $part unless end_process($process, $gently ? $signal : 'TERM', $gently ? 45 : 5);
    }
    StockVerify::Parts::forget($self);
    $self->remove_half_made if $state->{is_new};
    unlink $self->file('stack.json');
    release_all($self->{directory});
    $self->{state} = undef;
    return @killed;
}

# A store that was being filled when its first `up` broke off: the next one begins anew.
sub remove_half_made {
    my ($self) = @_;
    return if -e $self->file('seeded') && !-e $self->file('demo/counting');
    remove_tree(map { $self->file($_) } qw(data/mongodb demo spool));
    unlink map { $self->file($_) } qw(seeded erp.sqlite erp.sqlite-shm erp.sqlite-wal);
    return;
}

sub wipe {
    my ($self) = @_;
    # Only what a stack makes: a mistyped --dir costs nobody a folder.
    remove_tree(grep { -d } map { $self->file($_) } qw(log data spool secrets tmp demo));
    unlink map { $self->file($_) } qw(nginx.conf worker.conf redis.conf secantusd.toml seeded nginx.pid erp.sqlite erp.sqlite-shm erp.sqlite-wal .lock);
    rmdir $self->{directory};
    return;
}

# Seeding takes seconds (a password hash is meant to), so a test run keeps a seeded store and copies it.
sub copy_template {
    my ($self, $template) = @_;
    return 0 unless $template && $self->{state}{commands}{mongodb} && -e "$template/complete";
    remove_tree($self->file('data/mongodb'), $self->file('demo'));
    for my $what (qw(data/mongodb demo seeded)) {
        system('cp', '-a', '--reflink=auto', "$template/" . ($what =~ s{.*/}{}r), $self->file($what)) == 0
            or die "cannot copy $template\n";
    }
    return 1;
}

sub make_template {
    my ($self, $template) = @_;
    return unless $template && $self->{state}{commands}{mongodb};
    make_path($template);
    open my $lock, '>', "$template/.lock" or die "$template/.lock: $!\n";
    flock $lock, LOCK_EX or die "flock: $!\n";
    return if -e "$template/complete";
    # A store is copied only while its server is down.
    $self->stop_part('mongodb');
    write_file("$template/seeded", "$self->{state}{database}\n");
    for my $what (qw(data/mongodb demo)) {
        my $copy = "$template/" . ($what =~ s{.*/}{}r);
        remove_tree($copy);
        system('cp', '-a', $self->file($what), $copy) == 0 or die "cannot copy to $template\n";
    }
    write_file("$template/complete", '');
    $self->start_part('mongodb');
    return;
}

sub redis {
    my ($self) = @_;
    my $state = $self->{state};
    return StockVerify::Redis->new(address => StockVerify::Redis::address(@{$state}{qw(redis_host redis_port)}),
        password => $state->{redis_password}, database => $state->{redis_db});
}

sub mongo {
    my ($self) = @_;
    return StockVerify::Mongo->new(program => "$self->{build}/mongo-shell", uri => $self->{state}{mongodb},
        database => $self->{state}{database});
}

1;

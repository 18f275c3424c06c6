const readings = require('../readings/out/readings.json');

const stations = {};
for (const { station, celsius, rain } of readings) {
  const one = (stations[station] ??= { days: 0, warmest: -Infinity, rain: 0 });
  one.days += 1;
  one.warmest = Math.max(one.warmest, celsius);
  one.rain += rain;
}
console.log(JSON.stringify(stations, null, 1));

// Drawing with WebGL: shaded bodies, a floor that catches their shadows. One context for all panes.
import {
  BufferGeometry, Color, CylinderGeometry, DirectionalLight, Float32BufferAttribute, Fog, Group, HemisphereLight, Line, LineBasicMaterial,
  LineSegments, Mesh, MeshStandardMaterial, PCFShadowMap, PerspectiveCamera, PlaneGeometry, Quaternion, Scene, ShadowMaterial, SphereGeometry,
  Vector3, WebGLRenderer,
} from "three";
import { bones, extras, EXTRAS, thick } from "./body.js";
import { FIELD } from "./camera.js";
import { JOINTS } from "./motion.js";

const UP = new Vector3(0, 1, 0);
const BALL = new SphereGeometry(1, 20, 14);

class Figure {
  constructor() {
    this.group = new Group();
    this.material = new MeshStandardMaterial({ roughness: 0.62, metalness: 0 });
    this.bones = bones().map((bone) => ({ ...bone, mesh: this.#mesh(new CylinderGeometry(bone.to, bone.from, 1, 18, 1, true).translate(0, 0.5, 0)) }));
    this.balls = Array.from({ length: JOINTS + EXTRAS }, () => this.#mesh(BALL));
    this.direction = new Vector3();
    this.turn = new Quaternion();
  }

  #mesh(geometry) {
    const mesh = new Mesh(geometry, this.material);
    mesh.castShadow = true;
    this.group.add(mesh);
    return mesh;
  }

  show({ pose, colour }) {
    this.group.visible = true;
    this.material.color.set(colour);
    for (const { parent, joint, mesh } of this.bones) {
      mesh.position.fromArray(pose, 3 * parent);
      this.direction.fromArray(pose, 3 * joint).sub(mesh.position);
      const length = Math.max(this.direction.length(), 1e-6);
      mesh.quaternion.copy(this.turn.setFromUnitVectors(UP, this.direction.divideScalar(length)));
      mesh.scale.set(1, length, 1);
    }
    const beyond = extras(pose);
    this.balls.forEach((ball, number) => {
      const [x, y, z, radius] = number < JOINTS ? [...pose.slice(3 * number, 3 * number + 3), thick(number)] : beyond[number - JOINTS];
      ball.position.set(x, y, z);
      ball.scale.setScalar(radius);
    });
    this.balls[JOINTS].scale.set(0.09, 0.115, 0.095);
  }
}

// The room of one pane.
class Room {
  constructor(shadows) {
    this.scene = new Scene();
    this.figures = [];
    this.trails = new Group();
    this.sky = new HemisphereLight(0xffffff, 0xb0a8a0, 2.3);
    this.sun = new DirectionalLight(0xffffff, 2.1);
    this.sun.castShadow = shadows;
    this.sun.shadow.mapSize.set(1024, 1024);
    this.sun.shadow.radius = 4;
    this.sun.shadow.bias = -0.0008;
    this.floor = new Mesh(new PlaneGeometry(60, 60).rotateX(-Math.PI / 2), new ShadowMaterial());
    this.floor.receiveShadow = true;
    this.floor.renderOrder = 1; // over the grid, which is opaque
    this.floor.material.depthWrite = false;
    this.grid = new LineSegments(gridOf(16), new LineBasicMaterial());
    this.scene.add(this.sky, this.sun, this.sun.target, this.floor, this.grid, this.trails);
    this.scene.fog = new Fog(0, 1, 2);
  }

  show(view, camera, colours) {
    const { centre, reach } = view.box;
    this.sun.position.set(centre[0] + 2.5, 6, centre[2] + 2);
    this.sun.target.position.set(centre[0], 0.5, centre[2]);
    const shadow = this.sun.shadow.camera;
    const wide = reach + 1.2;
    if (shadow.right !== wide) {
      Object.assign(shadow, { left: -wide, right: wide, top: wide, bottom: -wide, near: 0.5, far: 16 });
      shadow.updateProjectionMatrix();
    }
    const distance = camera.position.distanceTo(this.sun.target.position);
    this.scene.fog.color.set(colours.stage);
    this.scene.fog.near = distance + reach * 0.3;
    this.scene.fog.far = distance + reach * 2 + 4;
    this.grid.material.color.set(colours.grid);
    this.grid.position.set(Math.round(centre[0]), 0, Math.round(centre[2]));
    this.floor.position.set(centre[0], 0, centre[2]);
    this.floor.material.opacity = colours.dark ? 0.45 : 0.2;
    view.figures.forEach((figure, index) => {
      this.figures[index] ??= this.#newFigure();
      this.figures[index].show(figure);
    });
    this.figures.slice(view.figures.length).forEach((figure) => (figure.group.visible = false));
    this.#showTrails(view.trails ?? []);
  }

  #newFigure() {
    const figure = new Figure();
    this.scene.add(figure.group);
    return figure;
  }

  #showTrails(trails) {
    for (const line of [...this.trails.children]) {
      line.geometry.dispose();
      line.material.dispose();
      this.trails.remove(line);
    }
    for (const { points, colour } of trails) {
      const geometry = new BufferGeometry().setAttribute("position", new Float32BufferAttribute(points.flat(), 3));
      this.trails.add(new Line(geometry, new LineBasicMaterial({ color: new Color(colour) })));
    }
  }
}

// A metre a line: some drivers drop a whole line whose one end lies behind the eye.
function gridOf(reach) {
  const places = [];
  for (let i = -reach; i <= reach; i++) {
    for (let j = -reach; j < reach; j++) places.push(i, 0, j, i, 0, j + 1, j, 0, i, j + 1, 0, i);
  }
  return new BufferGeometry().setAttribute("position", new Float32BufferAttribute(places, 3));
}

export class Solid {
  // Throws where the browser gives no WebGL.
  constructor(canvas) {
    this.canvas = canvas;
    this.renderer = new WebGLRenderer({ canvas, antialias: true, alpha: true });
    this.renderer.shadowMap.enabled = true;
    this.renderer.shadowMap.type = PCFShadowMap;
    this.renderer.setScissorTest(true);
    this.camera = new PerspectiveCamera(FIELD, 1, 0.1, 80);
    this.rooms = [];
    this.share = 1; // of the pixels a side
  }

  // For a machine that draws without a graphics card: no shadows and fewer pixels, in two steps; false where there is no further one.
  lighten() {
    if (this.share < 0.5) return false;
    this.share = this.share === 1 ? 0.7 : 0.45;
    for (const room of this.rooms) room.sun.castShadow = false;
    return true;
  }

  resize(width, height, ratio) {
    this.renderer.setPixelRatio(this.share === 1 ? ratio : this.share);
    this.renderer.setSize(width, height, false);
    this.height = height;
  }

  render(views, camera, colours) {
    views.forEach((view, index) => {
      const room = (this.rooms[index] ??= new Room(this.share === 1));
      const aspect = view.width / view.height;
      this.camera.position.fromArray(camera.eye(view.box, aspect));
      this.camera.aspect = aspect;
      this.camera.lookAt(...view.box.centre);
      this.camera.updateProjectionMatrix();
      room.show(view, this.camera, colours);
      const bottom = this.height - view.y - view.height;
      this.renderer.setViewport(view.x, bottom, view.width, view.height);
      this.renderer.setScissor(view.x, bottom, view.width, view.height);
      this.renderer.render(room.scene, this.camera);
    });
  }
}
